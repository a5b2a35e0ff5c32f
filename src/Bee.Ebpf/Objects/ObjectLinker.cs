using System.Runtime.InteropServices;
using Bee.Ebpf.Interop;
using Bee.Posix;

namespace Bee.Ebpf.Objects;

/// <summary>Links the objects of several C files into one, resolving <c>extern</c> declarations between them.</summary>
internal static class ObjectLinker
{
    /// <summary>Links objects. The same files in the same order produce the same bytes.</summary>
    /// <param name="objects">Objects with BTF and without DWARF, as clang and llvm-strip -g produce them.</param>
    /// <param name="output">The path of the linked object.</param>
    /// <exception cref="ObjectLinkException">Two files define the same name, or are incompatible.</exception>
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

/// <summary>Thrown if objects cannot be linked.</summary>
internal sealed class ObjectLinkException : BeeException
{
    internal ObjectLinkException(string? file, int errno, string log)
        : base("LinkFailed", Describe(errno, log))
    {
        File = file;
        Log = log;
    }

    /// <summary>The path of the object that is incompatible with those before it; null if unknown.</summary>
    public string? File { get; }

    /// <summary>The messages of libbpf.</summary>
    public string Log { get; }

    private static string Describe(int errno, string log)
    {
        var lines = log.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return lines.Length == 0
            ? $"libbpf cannot link it: {Libc.Describe(errno)}."
            : string.Join("; ", lines.Select(line => line.StartsWith("libbpf: ", StringComparison.Ordinal) ? line["libbpf: ".Length..] : line));
    }
}
