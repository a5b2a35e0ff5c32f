using System.Runtime.InteropServices;
using System.Text;

namespace Bee.Registries;

/// <summary>The configuration file of <see cref="DebianRegistry"/>, and the files that it names.</summary>
internal static class DebianRegistryConfiguration
{
    /// <summary>Writes the files that the configuration names into a folder.</summary>
    /// <param name="options">TLS and authentication.</param>
    /// <param name="host">Host and port; port 0 lets the system choose.</param>
    /// <param name="folder">Where the files and the content go.</param>
    /// <returns>The configuration's text.</returns>
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

    // The registry takes bcrypt alone, which the system's own library for passwords has and .NET has not. Its smallest cost, 4, is enough here.
    private static string Bcrypt(string password) => Marshal.PtrToStringUTF8(Crypt(password, "$2b$04$abcdefghijklmnopqrstuu"))
        ?? throw new InvalidOperationException("libcrypt.so.1 makes no bcrypt");

    [DllImport("libcrypt.so.1", EntryPoint = "crypt")]
    private static extern nint Crypt([MarshalAs(UnmanagedType.LPUTF8Str)] string password, [MarshalAs(UnmanagedType.LPUTF8Str)] string salt);
}
