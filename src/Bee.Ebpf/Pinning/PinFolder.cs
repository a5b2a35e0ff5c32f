using System.Runtime.InteropServices;

namespace Bee.Ebpf;

/// <summary>
/// The folder of one pinned program: <c>links</c>, <c>maps</c> and <c>programs</c> with a pin each, and <c>state</c>, which is made last, so that a folder
/// without it is unfinished.
/// </summary>
internal static class PinFolder
{
    private static readonly string[] s_parts = [PinNames.Links, PinNames.Programs, PinNames.Maps];

    /// <summary>Makes the folder and all pins, or nothing.</summary>
    /// <exception cref="PinException">It cannot be made; what was made of it is gone again.</exception>
    /// <exception cref="BpfLoadException">The kernel does not keep the program's description.</exception>
    public static void Make(string folder, IEnumerable<(string Part, string Name, int Descriptor)> pins, PinState state)
    {
        PinPath.Create(folder);
        try
        {
            foreach (var part in s_parts)
            {
                if (FileCalls.MakeDirectory($"{folder}/{part}", FileCalls.OwnerOnly) < 0)
                {
                    throw PinException.Of(Marshal.GetLastPInvokeError(), "make the folder", $"{folder}/{part}");
                }
            }

            foreach (var (part, name, descriptor) in pins)
            {
                Pin(descriptor, $"{folder}/{part}/{name}");
            }

            using var map = StateMap.Write(state.Encode());
            Pin(map.Number, $"{folder}/{PinNames.State}");
        }
        catch
        {
            Remove(folder);
            throw;
        }
    }

    /// <summary>The names in one part of the folder; empty where there is none.</summary>
    public static IReadOnlyList<string> List(string folder, string part)
    {
        try
        {
            return [.. Directory.EnumerateFileSystemEntries($"{folder}/{part}").Select(path => Path.GetFileName(path)!)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Takes away the pins, links first, and the folder. Other things that somebody has put into it stay, and so does the folder then.</summary>
    /// <returns>Null, or the path of the first thing that could not be taken away, with the reason.</returns>
    public static PinException? Remove(string folder)
    {
        PinException? left = null;
        foreach (var part in s_parts)
        {
            foreach (var name in List(folder, part))
            {
                Take(FileCalls.Unlink($"{folder}/{part}/{name}"), $"{folder}/{part}/{name}");
            }
        }

        foreach (var part in s_parts)
        {
            Take(FileCalls.RemoveDirectory($"{folder}/{part}"), $"{folder}/{part}");
        }

        // Last, as it was made last: while it is there, another try finds what is left.
        Take(FileCalls.Unlink($"{folder}/{PinNames.State}"), $"{folder}/{PinNames.State}");
        Take(FileCalls.RemoveDirectory(folder), folder);
        PinPath.RemoveEmptyDefault(folder);
        return left;

        void Take(int result, string path)
        {
            if (result < 0 && Marshal.GetLastPInvokeError() is not Libc.ENOENT and var errno)
            {
                left ??= PinException.Of(errno, "remove", path);
            }
        }
    }

    private static void Pin(int descriptor, string path)
    {
        var result = LibbpfCalls.Pin(descriptor, path);
        if (result < 0)
        {
            throw PinException.Of(-result, "pin to", path);
        }
    }
}
