using System.Runtime.InteropServices;
using System.Text;

namespace Bee.Registries;

/// <summary>Writes the configuration of <see cref="DebianRegistry"/> and the files that it refers to.</summary>
internal static class DebianRegistryConfiguration
{
    /// <summary>Writes the files that the configuration refers to.</summary>
    /// <param name="options">TLS and authentication.</param>
    /// <param name="host">Host and port; port 0 lets the system choose.</param>
    /// <param name="folder">The folder for the files and the content.</param>
    /// <returns>The text of the configuration.</returns>
    public static string Write(DebianRegistryOptions options, string host, string folder)
    {
        var text = new StringBuilder($"""
            version: 0.1
            log:
              level: info
              formatter: json
            storage:
              filesystem:
                rootdirectory: {folder}/storage
              delete:
                enabled: true
              maintenance:
                uploadpurging:
                  enabled: false
            http:
              addr: {host}
              secret: the tests' own

            """);
        if (options.Authority is { } authority)
        {
            text.Append($"  tls:\n    certificate: {authority.ServerCertificate}\n    key: {authority.ServerKey}\n");
        }

        if (options.Users is { } users)
        {
            string file = Path.Combine(folder, "htpasswd");
            File.WriteAllLines(file, users.Select(user => $"{user.Key}:{Bcrypt(user.Value)}"));
            text.Append($"auth:\n  htpasswd:\n    realm: tests\n    path: {file}\n");
        }

        if (options.Tokens is { } tokens)
        {
            text.Append($"auth:\n  token:\n    realm: {tokens.Realm}\n    service: {TokenServer.Service}\n    issuer: tests\n    rootcertbundle: {tokens.Certificate}\n");
        }

        return text.ToString();
    }

    // The registry accepts only bcrypt, which the system's libcrypt supports and .NET does not. The lowest cost, 4, is enough here.
    private static string Bcrypt(string password) => Marshal.PtrToStringUTF8(Crypt(password, "$2b$04$abcdefghijklmnopqrstuu"))
        ?? throw new InvalidOperationException("libcrypt.so.1 makes no bcrypt");

    [DllImport("libcrypt.so.1", EntryPoint = "crypt")]
    private static extern nint Crypt([MarshalAs(UnmanagedType.LPUTF8Str)] string password, [MarshalAs(UnmanagedType.LPUTF8Str)] string salt);
}
