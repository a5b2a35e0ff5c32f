namespace Bee.Ebpf;

/// <summary>Resolves all relocations of an object, in the loader's order.</summary>
internal static class CoreRelocations
{
    public static IReadOnlyList<(CoreResolution Resolution, RelocationResult Result)> Resolve(ObjectCode code, TargetKernel kernel)
    {
        var results = new List<(CoreResolution, RelocationResult)>();
        if (code.File.Btf is not { } btf)
        {
            return results;
        }

        var resolver = new CoreResolver(kernel);
        var (section, number) = (-1, 0);
        foreach (var relocation in BtfExtReader.Relocations(code.Elf, btf))
        {
            number = relocation.Section == section ? number + 1 : 0;
            section = relocation.Section;
            var function = code.At(section, relocation.Offset);

            // What is not loaded is not relocated, and code of no function was dropped by the linker.
            if (function is null || function.Program is { AutoLoad: false })
            {
                continue;
            }

            var resolution = resolver.Resolve(relocation, code.Bytes(section));
            results.Add((resolution, Describe(code, function, number, resolution)));
        }

        return results;
    }

    private static RelocationResult Describe(ObjectCode code, CodeFunction function, int number, CoreResolution resolution)
    {
        var relocation = resolution.Relocation;
        var line = code.LineAt(relocation.Section, relocation.Offset);
        return new RelocationResult
        {
            Function = function.Name,
            Instruction = (relocation.Offset - function.Start) / Instruction.Length,
            Number = number,
            Kind = Word(relocation.Kind),
            Subject = relocation.Root + (resolution.Local?.Way() ?? ""),
            File = line?.File,
            Line = line?.Line ?? 0,
            SourceText = line?.Text,
            State = (RelocationState)resolution.State,
            AsksWhether = relocation.AsksWhether,
            LocalValue = resolution.LocalValue,
            TargetValue = resolution.TargetValue,
            Reason = resolution.Reason,
            Near = resolution.Near,
            Section = relocation.Section,
            Offset = relocation.Offset,
        };
    }

    private static string Word(CoreRelocationKind kind) => kind switch
    {
        CoreRelocationKind.FieldOffset => "offset",
        CoreRelocationKind.FieldSize or CoreRelocationKind.TypeSize => "size",
        CoreRelocationKind.FieldExists or CoreRelocationKind.TypeExists or CoreRelocationKind.EnumeratorExists => "existence",
        CoreRelocationKind.FieldSigned => "sign",
        CoreRelocationKind.FieldLeftShift or CoreRelocationKind.FieldRightShift => "shift",
        CoreRelocationKind.LocalTypeId or CoreRelocationKind.TargetTypeId => "type id",
        CoreRelocationKind.TypeMatches => "match",
        CoreRelocationKind.EnumeratorValue => "value",
        _ => $"relocation {(int)kind}",
    };
}
