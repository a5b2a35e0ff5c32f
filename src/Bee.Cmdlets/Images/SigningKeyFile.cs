using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;
using System.Security.Cryptography;
using System.Text;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Errors;
using Bee.Oci.Signatures;
using Bee.Oci.Signatures.Keys;
using Bee.Toolchain.Isolation;

namespace Bee.Cmdlets.Images;

/// <summary>Opens the file of a private key. The password comes from the command line, the environment or a prompt, and is never written to a stream.</summary>
internal static class SigningKeyFile
{
    /// <summary>Reads the key.</summary>
    /// <param name="cmdlet">The cmdlet that needs the key.</param>
    /// <param name="file">The path as the user typed it.</param>
    /// <param name="password">The password; null if none was given.</param>
    /// <exception cref="SignatureException">The file does not contain a usable key, or the password is missing or wrong.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static SigningKey Open(BeeCmdlet cmdlet, string file, SecureString? password)
    {
        string path = ((ISessionLocation)cmdlet).FullPath(file);
        string pem = KeyFile.Read(path);
        byte[]? secret = null;
        try
        {
            bool isEncrypted = SigningKey.NeedsPassword(pem);
            if (!isEncrypted && KeyFile.IsReadableByAll(path))
            {
                cmdlet.WriteWarning($"The private key '{path}' has no password, and every user can read it. Restrict its permissions: chmod 600 {path}");
            }

            secret = isEncrypted ? Password(cmdlet, path, password) : null;
            return SigningKey.Read(pem, secret, Isolated.Create<IKeyAlgorithms>(), path);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    private static byte[]? Password(BeeCmdlet cmdlet, string path, SecureString? given)
    {
        if (given is not null)
        {
            return Bytes(given);
        }

        if (Environment.GetEnvironmentVariable(EnvironmentVariables.SigningPassword) is { } found)
        {
            return Encoding.UTF8.GetBytes(found);
        }

        using SecureString? typed = Ask(cmdlet.Host, path);
        return typed is null ? null : Bytes(typed);
    }

    /// <summary>Prompts the user. Returns null if the session is not interactive: a script must get an error and not wait.</summary>
    private static SecureString? Ask(PSHost host, string path)
    {
        if (!Interaction.IsPossible)
        {
            return null;
        }

        try
        {
            host.UI.Write($"Password of the key '{path}': ");
            return host.UI.ReadLineAsSecureString();
        }
        catch (Exception e) when (e is not PipelineStoppedException)
        {
            // Hosts without a screen refuse a prompt with different exceptions. Only Ctrl+C propagates.
            return null;
        }
    }

    private static byte[] Bytes(SecureString text)
    {
        nint characters = System.Runtime.InteropServices.Marshal.SecureStringToGlobalAllocUnicode(text);
        try
        {
            unsafe
            {
                var span = new ReadOnlySpan<char>((char*)characters, text.Length);
                var bytes = new byte[Encoding.UTF8.GetByteCount(span)];
                Encoding.UTF8.GetBytes(span, bytes);
                return bytes;
            }
        }
        finally
        {
            System.Runtime.InteropServices.Marshal.ZeroFreeGlobalAllocUnicode(characters);
        }
    }
}
