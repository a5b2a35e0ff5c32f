namespace Bee.Ebpf;

/// <summary>Whether the kernel has the helpers that the programs call, and whether the license opens them.</summary>
internal static class HelperCheck
{
    private const string Name = "Helpers", LicenseName = "License", Prefix = "BPF_FUNC_";
    private const int Unspecified = 0;

    // For what programs read of memory the loader takes the older helper where the kernel has no newer one.
    private static readonly Dictionary<int, int> s_older = new() { [112] = 4, [113] = 4, [114] = 45, [115] = 45 };

    public static IEnumerable<CheckResult> Run(CheckContext context)
    {
        var calls = Calls(context);
        foreach (var finding in Known(context, calls))
        {
            yield return finding;
        }

        yield return License(context, calls);
    }

    private static IEnumerable<CheckResult> Known(CheckContext context, List<HelperCall> calls)
    {
        if (calls.Count == 0)
        {
            yield return new(Name, CheckState.Ok, "The programs call no helpers.");
            yield break;
        }

        if (Ids(context.Kernel) is not { } known)
        {
            yield return new(Name, CheckState.Unknown, $"The programs call {CheckContext.Count(calls.Select(c => c.Id).Distinct().Count(), "helper")}; the kernel does not tell which it has.");
            yield break;
        }

        var names = HelperNames(context);
        var missing = calls.Where(c => !known.Contains(c.Id) && !(s_older.TryGetValue(c.Id, out var older) && known.Contains(older))).GroupBy(c => c.Id).ToList();
        foreach (var group in missing)
        {
            var name = names.TryGetValue(group.Key, out var text) ? text : $"number {group.Key}";
            var places = CheckContext.List(group.Select(c => c.Place), 3);
            var isReached = group.Any(c => c.IsReached);
            yield return !isReached
                ? new(Name, CheckState.Ok, $"The kernel has no helper {name} ({places}). The program asks first, and does without.") { Target = name }
                : group.Any(c => c.IsReachedByDefault)
                    ? new(Name, CheckState.Failed, $"The kernel has no helper {name}, which is called at {places}.")
                    {
                        Target = name,
                        Remedy = $"Run it on a newer kernel, or ask first: bpf_core_enum_value_exists(enum bpf_func_id, {Prefix}…).",
                    }
                    : new(Name, CheckState.Warning, $"The kernel has no helper {name} ({places}). With the parameters as they are it is not called.") { Target = name };
        }

        if (missing.TrueForAll(g => !g.Any(c => c.IsReachedByDefault)))
        {
            var used = calls.Where(c => known.Contains(c.Id)).Select(c => names.GetValueOrDefault(c.Id) ?? $"number {c.Id}").ToList();
            yield return new(Name, CheckState.Ok, $"The kernel has {CheckContext.List(used, 8)}.");
        }
    }

    private static CheckResult License(CheckContext context, List<HelperCall> calls)
    {
        var license = context.File.License;
        if (Licenses.IsCompatible(license))
        {
            return new(LicenseName, CheckState.Ok, $"The license is '{license}', which opens all helpers.");
        }

        var declared = license.Length == 0 ? "The object declares no license" : $"The license '{license}' is not one that the kernel takes as compatible with the GPL";
        var names = HelperNames(context);
        var types = context.Programs.Select(p => p.Type).ToList();
        var closed = calls.Where(c => c.IsReached && Licenses.NeedsGpl(c.Id, types)).Select(c => names.GetValueOrDefault(c.Id) ?? $"number {c.Id}").ToList();
        var lsm = context.Programs.Where(p => p.Type == ProgramType.Lsm).Select(p => p.Name).ToList();
        var functions = context.Analysis.Code.Elf.Symbols.Where(s => s.IsExtern && context.File.Btf?.Find(s.Name, BtfKind.Function) is not null).Select(s => s.Name).ToList();
        string[] needs = [.. closed.Select(n => $"helper {n}"), .. lsm.Select(n => $"program {n} (lsm)"), .. functions.Select(n => $"kernel function {n}")];
        return needs.Length == 0
            ? new(LicenseName, CheckState.Ok, $"{declared}; nothing in it is known to need one.")
            : new(LicenseName, CheckState.Failed, $"{declared}, and these need one: {CheckContext.List(needs)}.")
            {
                Remedy = $"Declare one, if you may: char LICENSE[] SEC(\"license\") = \"GPL\"; the kernel also takes {string.Join(", ", Licenses.Compatible.Skip(1).Select(l => $"'{l}'"))}.",
            };
    }

    private static HashSet<int>? Ids(KernelNames kernel) =>
        kernel.Enumerators("bpf_func_id") is { } values
            ? [.. values.Where(v => v.Key.StartsWith(Prefix, StringComparison.Ordinal) && v.Value != Unspecified).Select(v => (int)v.Value)]
            : null;

    // The object's own vmlinux.h knows names of helpers that an older kernel does not.
    private static Dictionary<int, string> HelperNames(CheckContext context)
    {
        var names = new Dictionary<int, string>();
        foreach (var graph in new[] { context.Kernel.Kernel.Types, context.File.Btf })
        {
            if (graph?.Find("bpf_func_id", BtfKind.Enum) is BtfEnum choice)
            {
                foreach (var (name, value) in choice.Values.Where(v => v.Name.StartsWith(Prefix, StringComparison.Ordinal)))
                {
                    names.TryAdd((int)value, "bpf_" + name[Prefix.Length..]);
                }
            }
        }

        return names;
    }

    private static List<HelperCall> Calls(CheckContext context)
    {
        var code = context.Analysis.Code;
        var calls = new List<HelperCall>();
        foreach (var function in code.Functions.Where(f => f.Program is not { AutoLoad: false }))
        {
            var bytes = code.Bytes(function.Section);
            for (var at = function.Start; at < function.End; at += Instruction.Length)
            {
                var instruction = Instruction.At(bytes, at);
                if (instruction is { IsCall: true, Source: Instruction.HelperCall } && code.SymbolAt(function.Section, at) is null)
                {
                    var place = code.LineAt(function.Section, at) is { } line ? $"{line.File}:{line.Line}" : function.Name;
                    calls.Add(new HelperCall(instruction.Immediate, place, context.Analysis.IsReached(function.Section, at), context.Analysis.IsReachedByDefault(function.Section, at)));
                }
                else if (instruction.IsWideLoad)
                {
                    at += Instruction.Length;
                }
            }
        }

        return calls;
    }

    private readonly record struct HelperCall(int Id, string Place, bool IsReached, bool IsReachedByDefault);
}
