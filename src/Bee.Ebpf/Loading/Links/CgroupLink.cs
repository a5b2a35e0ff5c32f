using System.Runtime.InteropServices;

namespace Bee.Ebpf;

/// <summary>Attaches a program to a control group, beside those that are there already.</summary>
internal static class CgroupLink
{
    public static LinkHandle Make(BpfProgram program, AttachOptions options, string path)
    {
        var number = FileCalls.Open(path, Libc.CloseOnExec);
        if (number < 0)
        {
            var errno = Marshal.GetLastPInvokeError();
            throw new BpfLoadException(LoadFault.NoTarget, $"Program '{program.Name}' cannot attach to control group {path}: {Libc.Describe(errno)}.") { Program = program.Name, Errno = errno };
        }

        // The link keeps the group; the descriptor is needed for the call alone.
        using var group = new FdHandle(number);
        using var scope = LibbpfLog.Capture(options.Log);
        var link = LibbpfCalls.AttachCgroup(program.Pointer, group.Number);
        return link != 0 ? new LinkHandle(link) : throw TargetFailure.Explain(program, $"control group {path}", Marshal.GetLastPInvokeError(), scope.Log.Text);
    }
}
