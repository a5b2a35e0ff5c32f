using Bee.Posix;
using Microsoft.Win32.SafeHandles;

namespace Bee.Oci.Formats;

/// <summary>Reads files that decide what may run: only where nobody but root and this user (under sudo also the one behind it) could have written them.</summary>
internal static class TrustedFile
{
    private const int Largest = 1 << 20;

    /// <summary>The file's bytes; null where there is none.</summary>
    /// <param name="path">An absolute path.</param>
    /// <exception cref="SettingsException">It cannot be read, or somebody else could have written it.</exception>
    public static byte[]? Read(string path)
    {
        try
        {
            using SafeFileHandle? file = PathGuard.OwnOrInvoking.OpenFile(path);
            return file is not null ? RegularFile.ReadAllBytes(file, path, Largest)
                : BrokenLink(path) is { } link ? throw new SettingsException(path, 0, 0, $"The link '{link}' leads to nothing.")
                : null;
        }
        catch (UntrustedPathException e)
        {
            throw new SettingsException(path, 0, 0, Describe(e), e);
        }
        catch (NotRegularFileException e)
        {
            throw new SettingsException(path, 0, 0, e.Message, e);
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
            if (FileStatus.Of(place, followLink: false) is not null)
            {
                return FileStatus.Of(place) is null ? place : null;
            }
        }

        return null;
    }

    private static string Describe(UntrustedPathException e) => e.Reason == UntrustedReason.Owner
        ? $"'{e.Place}' belongs to user {e.Status.User}, who could change what may run here. It has to be root's or yours."
        : $"'{e.Place}' can be written by others than its owner (mode {e.Status.Permissions}), who could change what may run here. Take that away: chmod go-w {e.Place}";
}
