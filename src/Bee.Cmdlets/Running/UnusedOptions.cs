using Bee.Ebpf;

namespace Bee.Cmdlets;

/// <summary>Finds options that no program of an object makes use of: whoever gives one should know that it does nothing.</summary>
internal static class UnusedOptions
{
    public static IEnumerable<string> Of(RunCmdlet options, ProgramInput input)
    {
        ProgramKind[] kinds = [.. input.File.Programs.Where(program => program.AutoLoad).Select(program => ProgramKinds.Find(program.Kind)).OfType<ProgramKind>()];
        if (options.ProcessId is { } process && !kinds.Any(kind => kind.NarrowsToProcess))
        {
            string parameters = string.Join(", ", input.File.Parameters.Select(parameter => parameter.Name));
            yield return $"-ProcessId {process} narrows nothing: {input.Name} has no uprobe, uretprobe, usdt or perf_event program."
                + (parameters.Length > 0 ? $" Its parameters, if it has one for this: {parameters}." : string.Empty);
        }

        if (options.Interface is { } interfaces && !kinds.Any(kind => kind.NeedsInterface))
        {
            yield return $"-Interface {string.Join(',', interfaces)} has no effect: {input.Name} has no xdp, tc or socket program.";
        }

        if (options.Cgroup is { } cgroup && !kinds.Any(kind => kind.NeedsCgroup))
        {
            yield return $"-Cgroup {cgroup} has no effect: {input.Name} has no cgroup program. What other programs report is not narrowed by it.";
        }

        if (options.NetworkNamespace is { } space && !kinds.Any(kind => kind.NeedsNetworkNamespace || kind.NeedsInterface))
        {
            yield return $"-NetworkNamespace {space} has no effect: {input.Name} has no sk_lookup, xdp, tc or socket program.";
        }

        if (options.Trace && TraceCalls.In(input.File).Count == 0)
        {
            yield return $"-Trace has no effect: no program of {input.Name} calls bpf_printk.";
        }

        foreach (object given in options.AttachTo?.Keys ?? Array.Empty<object>())
        {
            ProgramDescription? program = input.File.Programs.FirstOrDefault(program => program.Name.Equals($"{given}", StringComparison.OrdinalIgnoreCase));
            if (program is { AutoLoad: false })
            {
                yield return $"-AttachTo {program.Name} has no effect: that program is optional ({program.SectionName}) and is not loaded.";
            }
            else if (program is not null && ProgramKinds.Find(program.Kind) is { Target: AttachTarget.None })
            {
                yield return $"-AttachTo {program.Name} has no effect: a {program.Kind} program has no target.";
            }
        }
    }
}
