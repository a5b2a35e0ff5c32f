using System.Runtime.InteropServices;
using Bee.Oci.Native;
using Bee.Oci.Store;
using Microsoft.Win32.SafeHandles;

namespace Bee.Oci.Trust;

/// <summary>Reads files that decide what may run: only where nobody but root and this user (under sudo also the one behind it) could have written them.</summary>
internal static class TrustedFile
{
    private const int Largest = 1 << 20;
    private const int MostLinks = 40;

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
                return errno is not (LibC.NoEntry or LibC.NotDirectory) ? throw new SettingsException(path, 0, 0, $"It cannot be read: {Marshal.GetPInvokeErrorMessage(errno)}.")
                    : BrokenLink(path) is { } link ? throw new SettingsException(path, 0, 0, $"The link '{link}' leads to nothing.")
                    : null;
            }

            LibC.FileFacts facts = Check(file, path, path);
            if (!facts.IsRegular || facts.Size > Largest)
            {
                throw new SettingsException(path, 0, 0, facts.IsRegular ? $"The file has {facts.Size} bytes; {Largest} are the limit." : "It is no regular file.");
            }

            CheckWay(path);
            byte[] content = new byte[facts.Size];
            int length = RandomAccess.Read(file, content, 0);
            return content[..length];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException(path, 0, 0, $"It cannot be read: {e.Message}", e);
        }
    }

    /// <summary>A link on the way whose target is missing: what is behind it was meant to be read, so this is not a file that nobody wanted.</summary>
    private static string? BrokenLink(string path)
    {
        for (string? place = path; place is not null; place = Path.GetDirectoryName(place))
        {
            using SafeFileHandle? own = LibC.Open(place, LibC.PathOnly | LibC.NoFollow);
            using SafeFileHandle? target = own is null ? null : LibC.Open(place, LibC.PathOnly);
            if (own is not null)
            {
                return target is null ? place : null;
            }
        }

        return null;
    }

    /// <summary>Looks at every folder and link on the way: whoever can change one can put another file there.</summary>
    private static void CheckWay(string path)
    {
        string walked = "/";
        CheckPlace(walked, path);
        var left = new Stack<string>(Enumerable.Reverse(path.Split('/')));
        for (int links = 0; left.TryPop(out string? part);)
        {
            if (part is "" or ".")
            {
                continue;
            }

            if (part == "..")
            {
                walked = Path.GetDirectoryName(walked) ?? "/";
                continue;
            }

            string next = Path.Combine(walked, part);
            if (!CheckPlace(next, path).IsSymbolicLink)
            {
                walked = next;
                continue;
            }

            string target = new FileInfo(next).LinkTarget ?? throw new SettingsException(path, 0, 0, $"'{next}' was changed while it was looked at.");
            walked = target.StartsWith('/') ? "/" : walked;
            if (++links > MostLinks)
            {
                throw new SettingsException(path, 0, 0, $"It lies behind more than {MostLinks} links.");
            }

            foreach (string more in Enumerable.Reverse(target.Split('/')))
            {
                left.Push(more);
            }
        }
    }

    private static LibC.FileFacts CheckPlace(string place, string path)
    {
        using SafeFileHandle handle = LibC.Open(place, LibC.PathOnly | LibC.NoFollow) ?? throw new SettingsException(path, 0, 0, $"'{place}' cannot be looked at.");
        return Check(handle, place, path);
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
        bool isShared = !facts.IsSymbolicLink && (facts.OthersWrite || (facts.GroupWrites && !isPrivate));
        return isShared && !(facts.IsDirectory && facts.IsSticky)
            ? throw new SettingsException(path, 0, 0, $"'{what}' can be written by others than its owner (mode {Convert.ToString(facts.Mode & 0xfff, 8)}), who could change what may run here. Take that away: chmod go-w {what}")
            : facts;
    }
}
