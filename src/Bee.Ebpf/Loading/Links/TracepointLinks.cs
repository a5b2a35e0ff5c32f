namespace Bee.Ebpf;

/// <summary>Attaches <c>tracepoint</c> programs: to one tracepoint, or to each that a pattern fits.</summary>
internal static class TracepointLinks
{
    // Events of the function tracer, which take no programs.
    private const string FunctionTracer = "ftrace/";

    public static IEnumerable<ILink> Make(BpfProgram program, AttachOptions options)
    {
        foreach (var target in TargetText.Split(Attacher.Targeted(program).Description.AttachTo))
        {
            // As perf writes them: syscalls:sys_enter_openat.
            var name = target.Replace(':', '/');
            foreach (var one in TargetText.IsPattern(name) ? Matching(program, name) : [name])
            {
                var slash = one.IndexOf('/');
                var (category, tracepoint) = slash > 0 ? (one[..slash], one[(slash + 1)..]) : throw AttachFailure.NoCategory(program.Description, one);
                yield return Attacher.One(program, options, () => LibbpfCalls.AttachTracepoint(program.Pointer, category, tracepoint), one);
            }
        }
    }

    private static IEnumerable<string> Matching(BpfProgram program, string pattern)
    {
        if (Tracefs.Root is null)
        {
            throw Tracefs.NotMounted(program.Name, Libc.ENOENT, "");
        }

        var names = TargetNames.For(program.Description).ToArray();
        var found = names.Where(n => TargetText.Fits(pattern, n) && !n.StartsWith(FunctionTracer, StringComparison.Ordinal)).ToArray();
        return found.Length > 0 ? found : throw AttachFailure.NoTarget(program.Description, pattern, names, Libc.ENOENT, "");
    }
}
