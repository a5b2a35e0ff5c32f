using System.Runtime.InteropServices;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Programs;
using Bee.Posix;

namespace Bee.Ebpf.Links;

/// <summary>Attaches programs to socket maps. The kernel has links for this since Linux 6.10; before, the map itself holds the program.</summary>
internal static class SocketMapLinks
{
    public static ILink Make(BpfProgram program, AttachTargets targets)
    {
        var map = program.TargetMap ?? throw targets.NoMap(program.Description);
        var attachType = program.Description.KindRow.AttachType!.Value;
        if (KernelLink.TryCreate(new KernelLink.Attributes { Program = program.Fd, Target = map.Fd, AttachType = attachType }) is { } link)
        {
            return link;
        }

        var errno = Marshal.GetLastPInvokeError();
        var result = errno == Libc.EINVAL ? LibbpfCalls.bpf_prog_attach(program.Fd, map.Fd, attachType, 0) : -errno;
        return result == 0 ? new Attachment(program.Fd, map.Fd, attachType) : throw TargetFailure.Explain(program, $"socket map '{map.Name}'", -result, "");
    }

    /// <summary>A program that the map holds. The session keeps both fds open until after the link is disposed.</summary>
    private sealed class Attachment(int program, int map, int attachType) : ILink
    {
        private int _isDetached;

        public int LinkFd => -1;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isDetached, 1) == 0)
            {
                _ = LibbpfCalls.bpf_prog_detach2(program, map, attachType);
            }
        }
    }
}
