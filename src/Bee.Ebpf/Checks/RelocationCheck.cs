using Bee.Ebpf.CoRe;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Checks;

/// <summary>Checks whether the kernel's types contain what the programs read.</summary>
internal static class RelocationCheck
{
    private const string Name = "Relocations";

    public static IEnumerable<CheckResult> Run(CheckContext context)
    {
        var all = context.Analysis.Relocations;
        if (all.Count == 0)
        {
            yield return new(Name, CheckState.Ok, "The object does not depend on the kernel's types.");
            yield break;
        }

        if (context.Kernel.Kernel.Types is null && all.Any(r => r.Kind != "type id"))
        {
            yield return new(Name, CheckState.Failed, $"The object has {CheckContext.Count(all.Count, "relocation")}, but {context.Kernel.Kernel.Problem}.")
            {
                Remedy = "Run it on a kernel built with CONFIG_DEBUG_INFO_BTF=y.",
            };
            yield break;
        }

        var failed = false;
        foreach (var group in all.Where(IsTrouble).GroupBy(r => (r.Subject, r.Place, r.State, r.Kind)))
        {
            var finding = Describe(group.First(), group.Any(r => r.IsReached), group.Any(r => r.IsReachedByDefault));
            failed |= finding.State == CheckState.Failed;
            yield return finding;
        }

        foreach (var group in all.Where(r => r is { State: RelocationState.Resolved, Reason: not null } && !r.AsksWhether).GroupBy(r => (r.Subject, r.Place)))
        {
            yield return new(Name, CheckState.Warning, $"{group.First().Subject} ({group.First().Place}): the {group.First().Kind} is 0, since {group.First().Reason}.") { Target = group.Key.Subject };
        }

        if (!failed)
        {
            yield return new(Name, CheckState.Ok, Summary(all));
        }
    }

    private static bool IsTrouble(RelocationResult result) => result.State != RelocationState.Resolved;

    private static CheckResult Describe(RelocationResult result, bool isReached, bool isReachedByDefault)
    {
        var what = $"{result.Subject} ({result.Kind}, {result.Place})";
        var because = result.Reason is null ? "" : $": {result.Reason}";
        var text = result.SourceText is { Length: > 0 } source ? $" In the source: {source}" : "";
        if (result.State == RelocationState.Refused)
        {
            return new(Name, CheckState.Failed, $"libbpf cannot resolve {what}{because}.{text}")
            {
                Target = result.Subject,
                Remedy = CheckContext.Near(result.Near) ?? "Compile the program again with a current clang, or change that line.",
            };
        }

        if (!isReached)
        {
            return new(Name, CheckState.Ok, $"The kernel lacks {what}{because}. The program checks first and works without it.{text}") { Target = result.Subject };
        }

        if (!isReachedByDefault)
        {
            return new(Name, CheckState.Warning, $"The kernel lacks {what}{because}. With the current parameters, that line is not reached; with others, the verifier rejects the program.{text}") { Target = result.Subject };
        }

        return new(Name, CheckState.Failed, $"The kernel lacks {what}{because}. libbpf inserts an invalid instruction there, and the verifier rejects the program.{text}")
        {
            Target = result.Subject,
            Remedy = Join(CheckContext.Near(result.Near), "To support several kernels, check with bpf_core_field_exists, bpf_core_type_exists or bpf_core_enum_value_exists first, and declare another kernel's form of a struct with a suffix such as ___old."),
        };
    }

    private static string Join(string? first, string second) => first is null ? second : $"{first} {second}";

    private static string Summary(IReadOnlyList<RelocationResult> all)
    {
        var answersNo = all.Where(r => r.AsksWhether && r.TargetValue == 0).Select(r => r.Subject);
        var moved = all.Count(r => r.State == RelocationState.Resolved && r.LocalValue != r.TargetValue && !r.AsksWhether);
        var text = $"{CheckContext.Count(all.Count(r => r.State == RelocationState.Resolved), "relocation")} resolved, {moved} of them with another number than at build.";
        return answersNo.Any() ? $"{text} The programs check for these, which the kernel lacks: {CheckContext.List(answersNo)}." : text;
    }
}

/// <summary>Checks whether the kernel supports the types of programs and maps, and whether Bee attaches the programs.</summary>
internal static class TypeCheck
{
    private const string ProgramsName = "ProgramTypes", MapsName = "MapTypes";

    public static IEnumerable<CheckResult> Run(CheckContext context) => Programs(context).Concat(Maps(context));

    private static IEnumerable<CheckResult> Programs(CheckContext context)
    {
        var types = context.Kernel.Enumerators("bpf_prog_type");
        var ways = context.Kernel.Enumerators("bpf_attach_type");
        var good = new List<string>();
        foreach (var program in context.Programs)
        {
            if (program.Kind.Length == 0 || ProgramKinds.Find(program.Kind) is null)
            {
                var what = program.Kind.Length == 0
                    ? $"Section '{program.SectionName}' of program {program.Name} does not define how to attach the program."
                    : $"Program {program.Name} is of kind '{program.Kind}', which Bee does not attach.";
                yield return new(ProgramsName, CheckState.Failed, what)
                {
                    Target = program.Name,
                    Remedy = CheckContext.Near(program.SectionName.Split('/')[0], ProgramKinds.All.Select(k => k.Name)) ?? "To make a program optional, write its section as SEC(\"?…\").",
                };
            }
            else if (types is not null && !types.Values.Contains((long)program.Type))
            {
                yield return new(ProgramsName, CheckState.Failed, $"The kernel does not support programs of type {program.Type}, such as {program.Name} ({program.SectionName}).") { Target = program.Name, Remedy = "Run it on a newer kernel." };
            }
            else if (ways is not null && program.KindRow.AttachTypeName is { } way && !ways.ContainsKey(way))
            {
                yield return new(ProgramsName, CheckState.Failed, $"The kernel does not attach programs of kind {program.Kind}, such as {program.Name} ({way} is missing).") { Target = program.Name, Remedy = "Run it on a newer kernel." };
            }
            else
            {
                good.Add(program.Kind);
            }
        }

        if (good.Count > 0)
        {
            yield return types is null
                ? new(ProgramsName, CheckState.Unknown, $"The programs are of kinds {CheckContext.List(good)}; the kernel does not reveal which it supports.")
                : new(ProgramsName, CheckState.Ok, $"The kernel supports {CheckContext.List(good)}.");
        }
    }

    private static IEnumerable<CheckResult> Maps(CheckContext context)
    {
        var types = context.Kernel.Enumerators("bpf_map_type");
        var good = new List<string>();
        foreach (var map in context.File.Maps.Concat(context.File.Maps.Select(m => m.Inner).OfType<MapDescription>()))
        {
            if (types is not null && !types.Values.Contains((long)map.Type))
            {
                yield return new(MapsName, CheckState.Failed, $"The kernel does not support maps of type {map.Type}, such as {map.Name}.") { Target = map.Name, Remedy = "Run it on a newer kernel." };
            }
            else
            {
                good.Add(map.Type.ToString());
            }
        }

        if (good.Count > 0)
        {
            yield return types is null
                ? new(MapsName, CheckState.Unknown, $"The maps are of types {CheckContext.List(good)}; the kernel does not reveal which it supports.")
                : new(MapsName, CheckState.Ok, $"The kernel supports {CheckContext.List(good)}.");
        }
    }
}
