using System.Runtime.InteropServices;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Programs;

namespace Bee.Ebpf.Links;

/// <summary>Links iterators, and starts them. An iterator's link attaches nothing: the program runs when it is read.</summary>
internal static class IteratorLinks
{
    /// <summary>Makes the link that an iterator is read through.</summary>
    /// <exception cref="BpfLoadException">The kernel refuses.</exception>
    public static unsafe LinkHandle Make(BpfProgram program)
    {
        using var scope = LibbpfLog.Capture(null);
        var link = LibbpfCalls.AttachIterator(program.Pointer, null);
        return link != 0 ? new LinkHandle(link) : throw AttachFailure.Explain(program, Marshal.GetLastPInvokeError(), scope.Log.Text);
    }

    /// <summary>Starts an iterator. Its output is read from the fd, like a file.</summary>
    /// <exception cref="BpfLoadException">The kernel refuses.</exception>
    public static FdHandle Open(BpfProgram program)
    {
        using var link = program.Pointer != 0 ? Make(program) : null;
        var descriptor = LibbpfCalls.CreateIterator(link is null ? program.IteratorLink : link.LinkDescriptor);
        return descriptor >= 0 ? new FdHandle(descriptor) : throw AttachFailure.Explain(program, -descriptor, "");
    }
}
