using System.Runtime.InteropServices;
using Bee.Posix;

namespace Bee.Ebpf.Interop;

/// <summary>
/// Blocks SIGCHLD on the calling thread. The verifier fails with EAGAIN while a signal is pending (<c>do_check</c> in kernel/bpf/verifier.c), and libbpf
/// retries five times, so a large program might never load in a process that keeps starting children.
/// </summary>
/// <remarks>Another thread of the process receives the signal instead.</remarks>
internal readonly unsafe ref struct ChildSignals
{
    private const int Block = 0, SetMask = 2, SigChld = 17;

    private readonly Set _before;

    private ChildSignals(Set before) => _before = before;

    /// <summary>Blocks the signal until the result is disposed on the same thread.</summary>
    public static ChildSignals BlockOnThread()
    {
        Set children = default;
        children.Words[0] = 1UL << (SigChld - 1);
        Set before;
        _ = Libc.pthread_sigmask(Block, &children, &before);
        return new ChildSignals(before);
    }

    /// <summary>Restores the thread's mask.</summary>
    public void Dispose()
    {
        var before = _before;
        _ = Libc.pthread_sigmask(SetMask, &before, null);
    }

    /// <summary>The C library's <c>sigset_t</c>: 1024 bits in glibc and musl.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Set
    {
        public fixed ulong Words[16];
    }
}
