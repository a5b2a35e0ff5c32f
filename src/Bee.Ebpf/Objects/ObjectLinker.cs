using System.Runtime.InteropServices;
using Bee.Ebpf.Interop;
using Bee.Posix;

namespace Bee.Ebpf.Objects;

/// <summary>Links the objects of several C files into one: what one file declares <c>extern</c> another defines.</summary>
internal static class ObjectLinker
{
    /// <summary>Links. The same files in the same order give the same bytes.</summary>
    /// <param name="objects">Object files with BTF and without DWARF, as clang and llvm-strip -g make them.</param>
    /// <param name="output">Where the linked object is written.</param>
    /// <exception cref="ObjectLinkException">Two files define one name, or do not fit together.</exception>
    /// <exception cref="BpfLoadException">libbpf is missing (<see cref="LoadFault.LibbpfMissing"/>).</exception>
    public static void Link(IReadOnlyList<string> objects, string output)
    {
        ArgumentNullException.ThrowIfNull(objects);
        Libbpf.Require();
        using var scope = LibbpfLog.Capture(null);
        var linker = LibbpfCalls.bpf_linker__new(output, 0);
        if (linker == 0)
        {
            throw new ObjectLinkException(null, Marshal.GetLastPInvokeError(), scope.Log.Text);
        }

        try
        {
            foreach (var file in objects)
            {
                if (LibbpfCalls.bpf_linker__add_file(linker, file, 0) is < 0 and var refused)
                {
                    throw new ObjectLinkException(file, -refused, scope.Log.Text);
                }
            }

            if (LibbpfCalls.bpf_linker__finalize(linker) is < 0 and var failed)
            {
                throw new ObjectLinkException(null, -failed, scope.Log.Text);
            }
        }
        finally
        {
            LibbpfCalls.bpf_linker__free(linker);
        }
    }
}

/// <summary>Objects cannot be linked into one.</summary>
internal sealed class ObjectLinkException : BeeException
{
    internal ObjectLinkException(string? file, int errno, string log)
        : base("LinkFailed", Describe(errno, log))
    {
        File = file;
        Log = log;
    }

    /// <summary>The object that did not fit those before it; null where it is none of them.</summary>
    public string? File { get; }

    /// <summary>What libbpf said.</summary>
    public string Log { get; }

    private static string Describe(int errno, string log)
    {
        var lines = log.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return lines.Length == 0
            ? $"libbpf does not link it: {Libc.Describe(errno)}."
            : string.Join("; ", lines.Select(line => line.StartsWith("libbpf: ", StringComparison.Ordinal) ? line["libbpf: ".Length..] : line));
    }
}
