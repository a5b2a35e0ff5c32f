namespace Bee.Ebpf.Rights;

/// <summary>Capabilities that the kernel wants for some helpers, whatever program calls them (bpf_base_func_proto in kernel/bpf/helpers.c; bpf_get_probe_write_proto in kernel/trace/bpf_trace.c).</summary>
internal static class HelperRights
{
    private const int WriteUser = 36;

    // Each of them reads memory of the kernel or of a process, or writes to the trace.
    private static readonly Dictionary<int, string> s_perfMon = new()
    {
        [4] = "probe_read",
        [6] = "trace_printk",
        [35] = "get_current_task",
        [45] = "probe_read_str",
        [112] = "probe_read_user",
        [113] = "probe_read_kernel",
        [114] = "probe_read_user_str",
        [115] = "probe_read_kernel_str",
        [149] = "snprintf_btf",
        [158] = "get_current_task_btf",
        [175] = "task_pt_regs",
        [177] = "trace_vprintk",
    };

    /// <summary>Returns the capabilities for the helpers that an object's functions call.</summary>
    public static IEnumerable<(Capability Capability, string Reason)> Of(ObjectFile file)
    {
        var code = ObjectCode.Read(file);
        foreach (var function in code.Functions.Where(f => f.Program is not { AutoLoad: false }))
        {
            foreach (var helper in Calls(code, function))
            {
                if (helper == WriteUser)
                {
                    yield return (Capability.SysAdmin, $"To call the helper probe_write_user in '{function.Name}'.");
                }
                else if (s_perfMon.TryGetValue(helper, out var name))
                {
                    yield return (Capability.PerfMon, $"To call the helper {name} in '{function.Name}'.");
                }
            }
        }
    }

    private static List<int> Calls(ObjectCode code, CodeFunction function)
    {
        var calls = new List<int>();
        var bytes = code.Bytes(function.Section);
        for (var at = function.Start; at < function.End; at += Instruction.Length)
        {
            var instruction = Instruction.At(bytes, at);
            if (instruction is { IsCall: true, Source: Instruction.HelperCall } && code.SymbolAt(function.Section, at) is null)
            {
                calls.Add(instruction.Immediate);
            }
            else if (instruction.IsWideLoad)
            {
                at += Instruction.Length;
            }
        }

        return calls;
    }
}
