using Bee.Ebpf.Btf;
using Bee.Ebpf.Host;
using Bee.Ebpf.Objects;
using Bee.Posix;

namespace Bee.Ebpf.CoRe;

/// <summary>Explains why a kernel lacks the target of a relocation, and suggests similar names.</summary>
internal static class CoreMiss
{
    private const int MostNames = 3;

    // The number of type names that are searched at most: a suggestion is not worth more time.
    private const int MostTypes = 400_000;

    public static (string Reason, IReadOnlyList<string> Near) Explain(CoreRelocation relocation, CoreSpec local, IReadOnlyList<BtfType> candidates, TargetKernel kernel)
    {
        var name = CoreNames.Essential(relocation.Root.Name);
        if (candidates.Count == 0)
        {
            return ($"{Noun(relocation.Root)} {name} does not exist", Suggest.Nearest(name, Names(kernel, relocation.Root.Kind), MostNames));
        }

        if (relocation.IsOfEnumerator)
        {
            var values = candidates[0].Resolve() is BtfEnum choice ? choice.Values.Select(v => v.Name) : [];
            var wanted = CoreNames.Essential(local.Steps[0].Name!);
            return ($"{Noun(relocation.Root)} {name} has no {wanted}", Suggest.Nearest(wanted, values, MostNames));
        }

        return relocation.IsOfType ? ($"{Noun(relocation.Root)} {name} is another kind of type there", []) : Field(local, candidates[0]);
    }

    // Follows the path until it fails.
    private static (string, IReadOnlyList<string>) Field(CoreSpec local, BtfType target)
    {
        var type = target.Resolve();
        var place = target.ToString();
        foreach (var step in local.Steps.Skip(1))
        {
            if (step.Name is null)
            {
                if (type is not BtfArray array)
                {
                    return ($"{place} is not an array there", []);
                }

                if (step.Index >= array.Length && array.Length > 0)
                {
                    return ($"{place} has {Quantity.Of(array.Length, "element")} there, but the program uses element {step.Index}", []);
                }

                place += $"[{step.Index}]";
                type = array.Element.Resolve();
                continue;
            }

            var members = Members(type, CoreSpec.MaxDepth).ToList();
            if (members.Find(m => m.Name == step.Name) is not { } member)
            {
                return ($"{place} has no member {step.Name}", Suggest.Nearest(step.Name, members.Select(m => m.Name), MostNames));
            }

            var wanted = ((BtfStruct)step.Type).Members[step.Index].Type;
            if (!CoreTypes.FieldsAreCompatible(wanted, member.Type))
            {
                return ($"{place} has a member {step.Name} of type '{member.Type}', which cannot be read as '{wanted}'", []);
            }

            place += "." + step.Name;
            type = member.Type.Resolve();
        }

        return ($"{place} has another type than the program expects", []);
    }

    // Includes the members of anonymous members.
    private static IEnumerable<BtfMember> Members(BtfType type, int depth)
    {
        if (type is not BtfStruct holder || depth == 0)
        {
            yield break;
        }

        foreach (var member in holder.Members)
        {
            if (member.Name.Length > 0)
            {
                yield return member;
                continue;
            }

            foreach (var inner in Members(member.Type.Resolve(), depth - 1))
            {
                yield return inner;
            }
        }
    }

    private static IEnumerable<string> Names(TargetKernel kernel, BtfKind kind)
    {
        if (kernel.Types?.Table is not { } table)
        {
            yield break;
        }

        for (uint id = 1; id < Math.Min(table.TypeCount, MostTypes); id++)
        {
            if (table.Kind(id) == kind && table.NameOffset(id) != 0)
            {
                yield return table.Text(table.NameOffset(id));
            }
        }
    }

    public static string Noun(BtfType type) => type switch
    {
        BtfStruct { IsUnion: true } => "union",
        BtfStruct or BtfForward { IsUnion: false } => "struct",
        BtfForward => "union",
        BtfEnum => "enum",
        BtfTypedef => "typedef",
        _ => "type",
    };
}
