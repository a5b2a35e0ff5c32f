using System.Runtime.InteropServices;
using Bee.Oci.Native;
using Bee.Oci.Store;
using Microsoft.Win32.SafeHandles;

namespace Bee.Oci.Trust;

/// <summary>Reads files that decide what may run: only where nobody but root and this user (under sudo also the one behind it) could have written them.</summary>
internal static class TrustedFile
{
    private const int Largest = 1 << 20;

    /// <summary>The file's bytes; null where there is none.</summary>
    /// <exception cref="SettingsException">It cannot be read, or somebody else could have written it.</exception>
    public static byte[]? Read(string path)
    {
        try
        {
            using SafeFileHandle? file = LibC.Open(path, LibC.ReadOnly | LibC.NonBlocking);
            if (file is null)
            {
                int errno = Marshal.GetLastPInvokeError();
                return errno is LibC.NoEntry or LibC.NotDirectory ? null : throw new SettingsException(path, 0, 0, $"It cannot be read: {Marshal.GetPInvokeErrorMessage(errno)}.");
            }

            LibC.FileFacts facts = Check(file, path, path);
            if (!facts.IsRegular || facts.Size > Largest)
            {
                throw new SettingsException(path, 0, 0, facts.IsRegular ? $"The file has {facts.Size} bytes; {Largest} are the limit." : "It is no regular file.");
            }

            // Whoever can write a folder on the way can put another file there.
            foreach (string start in new[] { path, File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path }.Distinct())
            {
                for (string? folder = Path.GetDirectoryName(Path.GetFullPath(start)); folder is not null; folder = Path.GetDirectoryName(folder))
                {
                    using SafeFileHandle handle = LibC.Open(folder, LibC.PathOnly | LibC.Directory) ?? throw new SettingsException(path, 0, 0, $"'{folder}' cannot be looked at.");
                    Check(handle, folder, path);
                }
            }

            byte[] content = new byte[facts.Size];
            int length = RandomAccess.Read(file, content, 0);
            return content[..length];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException(path, 0, 0, $"It cannot be read: {e.Message}", e);
        }
    }

    private static LibC.FileFacts Check(SafeFileHandle handle, string what, string path)
    {
        if (!LibC.TryStat(handle, out LibC.FileFacts facts))
        {
            throw new SettingsException(path, 0, 0, $"'{what}' cannot be looked at.");
        }

        if (facts.User != 0 && facts.User != LibC.EffectiveUser() && facts.User != InvokingUser.Current?.Id)
        {
            throw new SettingsException(path, 0, 0, $"'{what}' belongs to user {facts.User}, who could change what may run here. It has to be root's or yours.");
        }

        bool isPrivate = facts.Group == 0 || (facts.Group == facts.User && PasswordFile.Find(facts.User)?.Group == facts.Group);
        bool isShared = facts.OthersWrite || (facts.GroupWrites && !isPrivate);
        return isShared && !(facts.IsDirectory && facts.IsSticky)
            ? throw new SettingsException(path, 0, 0, $"'{what}' can be written by others than its owner (mode {Convert.ToString(facts.Mode & 0xfff, 8)}), who could change what may run here. Take that away: chmod go-w {what}")
            : facts;
    }
}
