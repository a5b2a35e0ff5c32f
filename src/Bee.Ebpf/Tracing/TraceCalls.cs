namespace Bee.Ebpf;

/// <summary>Finds out whether programs write trace lines.</summary>
public static class TraceCalls
{
    private const int TracePrintk = 6, TraceVprintk = 177;

    /// <summary>Returns the names of the functions that call <c>bpf_trace_printk</c> or <c>bpf_trace_vprintk</c>, without those of optional programs, which are not loaded.</summary>
    /// <param name="file">The object.</param>
    public static IReadOnlyList<string> In(ObjectFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        var code = ObjectCode.Read(file);
        return [.. code.Functions.Where(function => function.Program is not { AutoLoad: false } && Calls(code, function)).Select(function => function.Name)];
    }

    private static bool Calls(ObjectCode code, CodeFunction function)
    {
        var bytes = code.Bytes(function.Section);
        for (var at = function.Start; at < function.End; at += Instruction.Length)
        {
            var instruction = Instruction.At(bytes, at);
            if (instruction is { IsCall: true, Source: Instruction.HelperCall, Immediate: TracePrintk or TraceVprintk } && code.SymbolAt(function.Section, at) is null)
            {
                return true;
            }

            at += instruction.IsWideLoad ? Instruction.Length : 0;
        }

        return false;
    }
}
