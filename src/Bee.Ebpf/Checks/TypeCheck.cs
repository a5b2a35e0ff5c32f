using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Checks;

/// <summary>Whether the kernel knows the types of the programs and of the maps, and whether Bee attaches the programs.</summary>
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
                    ? $"Section '{program.SectionName}' of program {program.Name} does not say how the program is attached."
                    : $"Program {program.Name} is of kind '{program.Kind}', which Bee does not attach.";
                yield return new(ProgramsName, CheckState.Failed, what)
                {
                    Target = program.Name,
                    Remedy = CheckContext.Near(program.SectionName.Split('/')[0], ProgramKinds.All.Select(k => k.Name)) ?? "A program that is not needed can be made optional by writing its section as SEC(\"?…\").",
                };
            }
            else if (types is not null && !types.Values.Contains((long)program.Type))
            {
                yield return new(ProgramsName, CheckState.Failed, $"The kernel has no programs of type {program.Type}, which {program.Name} ({program.SectionName}) is.") { Target = program.Name, Remedy = "Run it on a newer kernel." };
            }
            else if (ways is not null && program.KindRow.AttachTypeName is { } way && !ways.ContainsKey(way))
            {
                yield return new(ProgramsName, CheckState.Failed, $"The kernel does not attach programs of kind {program.Kind}, as {program.Name} is ({way} is missing).") { Target = program.Name, Remedy = "Run it on a newer kernel." };
            }
            else
            {
                good.Add(program.Kind);
            }
        }

        if (good.Count > 0)
        {
            yield return types is null
                ? new(ProgramsName, CheckState.Unknown, $"The programs are of kinds {CheckContext.List(good)}; the kernel does not tell which it knows.")
                : new(ProgramsName, CheckState.Ok, $"The kernel knows {CheckContext.List(good)}.");
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
                yield return new(MapsName, CheckState.Failed, $"The kernel has no maps of type {map.Type}, which {map.Name} is.") { Target = map.Name, Remedy = "Run it on a newer kernel." };
            }
            else
            {
                good.Add(map.Type.ToString());
            }
        }

        if (good.Count > 0)
        {
            yield return types is null
                ? new(MapsName, CheckState.Unknown, $"The maps are of types {CheckContext.List(good)}; the kernel does not tell which it knows.")
                : new(MapsName, CheckState.Ok, $"The kernel knows {CheckContext.List(good)}.");
        }
    }
}
