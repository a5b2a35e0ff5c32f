using System.Runtime.InteropServices;
using System.Text;
using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Posix;
using Microsoft.Win32.SafeHandles;

namespace Bee.Ebpf;

/// <summary>
/// The folder of one pinned session. It contains <c>links</c>, <c>maps</c> and <c>programs</c> with the pins, and <c>state</c>, which is created last: a folder without
/// it is incomplete.
/// </summary>
internal static class PinFolder
{
    private static readonly string[] s_parts = [PinNames.Links, PinNames.Programs, PinNames.Maps];

    /// <summary>Creates the folder and all pins, or nothing.</summary>
    /// <exception cref="PinException">The folder or a pin cannot be created; nothing is left behind.</exception>
    /// <exception cref="BpfLoadException">The kernel does not create the map of the state.</exception>
    public static void Make(string folder, IEnumerable<(string Part, string Name, int Fd)> pins, PinState state)
    {
        PinPath.Create(folder);
        try
        {
            foreach (var part in s_parts)
            {
                if (Libc.mkdir($"{folder}/{part}", Libc.OwnerOnly) < 0)
                {
                    throw PinException.Of(Marshal.GetLastPInvokeError(), "create the folder", $"{folder}/{part}");
                }
            }

            foreach (var (part, name, fd) in pins)
            {
                Pin(fd, $"{folder}/{part}/{name}");
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

    /// <summary>Returns the names in one part of the folder; empty if the part does not exist.</summary>
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

    /// <summary>Removes the pins, links first, and the folder. Other files in it stay, and then the folder stays too.</summary>
    /// <returns>The error for the first pin that could not be removed; null if all were removed.</returns>
    public static PinException? Remove(string folder)
    {
        PinException? left = null;
        foreach (var part in s_parts)
        {
            foreach (var name in List(folder, part))
            {
                Take(Libc.unlink($"{folder}/{part}/{name}"), $"{folder}/{part}/{name}");
            }
        }

        foreach (var part in s_parts)
        {
            Take(Libc.rmdir($"{folder}/{part}"), $"{folder}/{part}");
        }

        // Removed last, so that a second attempt still finds the folder.
        Take(Libc.unlink($"{folder}/{PinNames.State}"), $"{folder}/{PinNames.State}");
        Take(Libc.rmdir(folder), folder);
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

    private static void Pin(int fd, string path)
    {
        var result = LibbpfCalls.bpf_obj_pin(fd, path);
        if (result < 0)
        {
            throw PinException.Of(-result, "pin to", path);
        }
    }
}

/// <summary>Makes names of pins. The BPF file system rejects dots, and the names of global data maps begin with one.</summary>
internal static class PinNames
{
    public const string State = "state", Maps = "maps", Programs = "programs", Links = "links";

    /// <summary>Encodes the name of a map or program as a file name: letters, digits and <c>_</c> stay, other bytes become <c>=</c> and two hexadecimal digits.</summary>
    public static string Of(string name)
    {
        var text = new StringBuilder();
        foreach (var b in Encoding.UTF8.GetBytes(name))
        {
            var c = (char)b;
            if (char.IsAsciiLetterOrDigit(c) || c == '_')
            {
                text.Append(c);
            }
            else
            {
                text.Append('=').Append(b.ToString("x2"));
            }
        }

        return text.ToString();
    }

    /// <summary>Returns the file name of one of a program's links.</summary>
    public static string OfLink(string program, int number) => $"{Of(program)}-{number}";

    /// <summary>Reports whether a file is one of a program's links.</summary>
    public static bool IsLinkOf(string file, string program)
    {
        var prefix = Of(program) + "-";
        return file.StartsWith(prefix, StringComparison.Ordinal) && int.TryParse(file.AsSpan(prefix.Length), out _);
    }
}

/// <summary>The open fds of a pinned session. Closing it closes the fds; the pins stay.</summary>
internal sealed class PinnedObjects : SafeHandleZeroOrMinusOneIsInvalid
{
    private readonly List<FdHandle> _fds = [];

    public PinnedObjects() : base(ownsHandle: true) => SetHandle(1);

    /// <summary>Opens a pin.</summary>
    /// <param name="path">The pin.</param>
    /// <param name="kind">The kind of object that the pin must have.</param>
    /// <returns>The fd, valid until this is closed.</returns>
    /// <exception cref="PinException">The pin does not exist, has another kind, or this process may not open it.</exception>
    public int Open(string path, KernelObjectKind kind)
    {
        var fd = OpenPin(path, kind);
        _fds.Add(fd);
        return fd.Number;
    }

    /// <summary>Opens a pin as an fd that the caller owns.</summary>
    public static FdHandle OpenPin(string path, KernelObjectKind kind)
    {
        Libbpf.Require();
        var fd = LibbpfCalls.bpf_obj_get(path);
        if (fd < 0)
        {
            throw fd == -Libc.EPERM && Permissions.Lacking().Count == 0
                ? new PinException(PinFault.Foreign, path, $"'{path}' is not a pin.")
                : PinException.Of(-fd, "open the pin", path);
        }

        var handle = new FdHandle(fd);
        if (KernelObject.KindOf(fd) != kind)
        {
            handle.Dispose();
            throw new PinException(PinFault.Foreign, path, $"'{path}' is not a pin of a {kind.ToString().ToLowerInvariant()}.");
        }

        return handle;
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        _fds.ForEach(fd => fd.Dispose());
        return true;
    }
}
