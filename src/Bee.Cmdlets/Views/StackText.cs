using System.Collections;
using System.Management.Automation;
using System.Text.RegularExpressions;
using Bee.Ebpf.Events;
using Bee.Ebpf.Records;
using Bee.Ebpf.Symbols;
using Bee.Posix;

namespace Bee.Cmdlets.Views;

/// <summary>Formats stacks for views. The objects keep all frames.</summary>
internal static partial class StackText
{
    /// <summary>Returns the frames of a stack, possibly deserialized; null if the value is not a stack.</summary>
    /// <param name="value">A field's value.</param>
    public static IReadOnlyList<(string? Symbol, string Text)>? Frames(PSObject? value) => value switch
    {
        { BaseObject: StackTrace trace } => [.. trace.Select(frame => (frame.Symbol, frame.ToString()))],
        { BaseObject: IEnumerable list } wrapped when wrapped.TypeNames.Contains("Deserialized.Bee.Ebpf.Symbols.StackTrace") =>
            [.. list.Cast<object>().Select(PSObject.AsPSObject).Select(frame => (frame.Properties["Symbol"]?.Value as string, frame.ToString()))],
        _ => null,
    };

    /// <summary>
    /// Removes the innermost frames that belong to the tracing itself: the program, its trampoline and the kernel's hook. They are the same in each
    /// event. A stack that contains only such frames is returned whole.
    /// </summary>
    /// <param name="frames">The frames, innermost first.</param>
    public static IEnumerable<(string? Symbol, string Text)> Fold(IReadOnlyList<(string? Symbol, string Text)> frames)
    {
        int own = 0;
        while (own < frames.Count && frames[own].Symbol is { } symbol && Tracing().IsMatch(symbol))
        {
            own++;
        }

        return frames.Skip(own == frames.Count ? 0 : own);
    }

    /// <summary>Returns the frames, one per line. If <see cref="Fold"/> removes frames, the first line has their number.</summary>
    /// <param name="frames">The frames, innermost first.</param>
    public static string Lines(IReadOnlyList<(string? Symbol, string Text)> frames)
    {
        string[] shown = [.. Fold(frames).Select(frame => TerminalText.Show(frame.Text))];
        int own = frames.Count - shown.Length;
        return string.Join('\n', own == 0 ? shown : [$"({Quantity.Of(own, "frame")} of the tracing itself)", .. shown]);
    }

    // kernel/bpf (trampolines, helpers), kernel/trace/bpf_trace.c, kernel/events/core.c, kernel/trace/trace_{syscalls,kprobe,uprobe,fprobe}.c and the probes of include/trace.
    // Programs have their tag in their name. Other functions that begin with bpf_ may be the traced ones, so they are kept.
    [GeneratedRegex("""
        ^(
            bpf_prog_[0-9a-f]{16}(_.*)? | bpf_trampoline_\d+ | bpf_dispatcher_\w+ | __bpf_prog_(enter|exit)\w* | __bpf_prog_run\w* | bpf_get_stack(id)?(_\w+)? | __bpf_get_stack(id)? | get_perf_callchain
            | __bpf_trace_\w+ | bpf_trace_run\d+ | __traceiter_\w+ | __probestub_\w+ | trace_call_bpf\w* | bpf_overflow_handler
            | perf_trace_\w+ | perf_syscall_(enter|exit) | perf_call_bpf_(enter|exit) | perf_tp_event\w* | __?perf_event_overflow | perf_event_overflow | perf_swevent_\w+ | ___perf_sw_event
            | k(ret)?probe_perf_func | k(ret)?probe_dispatcher | kprobe_ftrace_handler | kprobe_multi_link_(prog_run|handler|exit_handler) | fprobe_\w+handler | fprobe_(entry|return)
            | (__)?uprobe_(perf_func|dispatcher|prog_run) | __uprobe_perf_func | uretprobe_(perf_func|dispatcher) | uprobe_multi_link_\w*handler
            | arch_ftrace_ops_list_func | ftrace_(regs_)?caller\w* | ftrace_trampoline | ftrace_ops_\w+func | rethook_trampoline_handler | arch_rethook_trampoline\w*
        )$
        """, RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Tracing();
}

/// <summary>Checks whether kernel stacks can be symbolized.</summary>
internal static class StackNames
{
    /// <summary>Warns if the objects will have kernel stacks but this process may not read kernel symbols. Otherwise bare addresses would look like a fault of the tool.</summary>
    public static void WarnIfHidden(Cmdlet cmdlet, IEnumerable<IRecordShape?> shapes)
    {
        if (shapes.Any(shape => shape is not null && shape.Fields.Any(field => field.Meaning == FieldMeaning.Stack)) && KernelSymbols.Problem is { } problem)
        {
            cmdlet.WriteWarning(problem);
        }
    }

    /// <summary>Warns as above, for the objects of streams.</summary>
    public static void WarnIfHidden(Cmdlet cmdlet, IReadOnlyList<RecordStream> streams)
        => WarnIfHidden(cmdlet, streams.Select(stream => stream.Shape));
}
