using System.Runtime.InteropServices;
using System.Text;

namespace Bee.Ebpf;

/// <summary>Attaches uprobes and uretprobes, to all processes or to one.</summary>
internal static unsafe class UprobeLink
{
    public static LinkHandle Make(BpfProgram program, BpfSessionOptions options)
    {
        var description = program.Description;
        var target = UprobeTarget.Parse(description.AttachTo) ?? throw new BpfLoadException(
            LoadFault.NoTarget, $"Section '{description.SectionName}' of program '{program.Name}' does not say which function to attach to.")
        {
            Program = program.Name,
            Remedy = $"Write file and function into the section, as in SEC(\"{description.Kind}//usr/bin/bash:readline\") or SEC(\"{description.Kind}/libc.so.6:malloc\").",
        };
        if (options.ProcessId is { } pid && !Directory.Exists($"/proc/{pid}"))
        {
            throw AttachFailure.NoProcess(program, pid);
        }

        using var scope = LibbpfLog.Capture(options.Log);
        var function = target.Function is null ? null : Encoding.UTF8.GetBytes(target.Function + '\0');
        fixed (byte* name = function)
        {
            var details = new LibbpfCalls.UprobeOptions
            {
                Size = (nuint)sizeof(LibbpfCalls.UprobeOptions),
                IsReturn = description.Kind == "uretprobe" ? (byte)1 : (byte)0,
                FunctionName = name,
            };
            // The kernel takes a process by any of its threads: it is the address space that gets the breakpoint.
            var link = LibbpfCalls.AttachUprobe(program.Pointer, options.ProcessId ?? -1, target.Path, (nuint)target.Offset, &details);
            return link != 0 ? new LinkHandle(link) : throw AttachFailure.ExplainUprobe(program, target, Marshal.GetLastPInvokeError(), scope.Log.Text);
        }
    }
}
