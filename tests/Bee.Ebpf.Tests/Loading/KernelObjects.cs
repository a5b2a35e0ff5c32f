using Bee.Ebpf.Interop;
using Bee.Posix;

namespace Bee.Ebpf.Tests.Loading;

/// <summary>Asks the kernel whether a program or link still exists.</summary>
internal static class KernelObjects
{
    public static bool ProgramExists(int id) => Exists(LibbpfCalls.bpf_prog_get_fd_by_id((uint)id));

    public static bool LinkExists(int id) => Exists(LibbpfCalls.bpf_link_get_fd_by_id((uint)id));

    private static bool Exists(int fd)
    {
        if (fd < 0)
        {
            return fd == -Libc.ENOENT ? false : throw new InvalidOperationException(Libc.Describe(-fd));
        }

        Libc.close(fd);
        return true;
    }
}
