using Bee.Ebpf.Btf;

namespace Bee.Ebpf.CoRe;

/// <summary>One step of a path to a member: a named member of a struct or union, or (without a name) an array element.</summary>
/// <param name="Type">The struct or union that contains the member, or the type of the element; without typedefs and modifiers.</param>
/// <param name="Index">The index of the member or element.</param>
/// <param name="Name">The member's name, or the enumerator's; null for elements.</param>
internal readonly record struct CoreStep(BtfType Type, int Index, string? Name);

/// <summary>
/// The target of a relocation in one type graph: the program's own, or the kernel's. The offset is a 32-bit number that may
/// overflow, as in libbpf, so that both compute the same results.
/// </summary>
internal sealed class CoreSpec
{
    /// <summary>The maximum nesting of members, as in libbpf.</summary>
    public const int MaxDepth = 64;

    /// <summary>The type at the start of the path. Its name selects the kernel's type.</summary>
    public required BtfType Root { get; init; }

    /// <summary>The path without anonymous structs and unions. The first step is the array element that the pointer refers to, usually 0.</summary>
    public List<CoreStep> Steps { get; } = [];

    /// <summary>The offset of the member from the start of the root, in bits.</summary>
    public uint BitOffset { get; set; }

    /// <summary>The length of the path, with anonymous structs and unions.</summary>
    public int Depth { get; set; }

    /// <summary>The last step.</summary>
    public CoreStep Last => Steps[^1];

    /// <summary>Parses the target of a relocation in the program's own types.</summary>
    /// <returns>The target, or null if the path is invalid, which means a damaged object.</returns>
    public static CoreSpec? Parse(CoreRelocation relocation)
    {
        var spec = new CoreSpec { Root = relocation.Root };
        if (relocation.IsOfType)
        {
            return relocation.Path is [0] ? spec : null;
        }

        var type = relocation.Root.Resolve();
        var first = relocation.Path[0];
        if (relocation.IsOfEnumerator)
        {
            if (type is not BtfEnum choice || relocation.Path.Count > 1 || first >= choice.Values.Count)
            {
                return null;
            }

            spec.Steps.Add(new CoreStep(type, first, choice.Values[first].Name));
            return spec;
        }

        if (!HasSize(type))
        {
            return null;
        }

        spec.Steps.Add(new CoreStep(type, first, null));
        spec.BitOffset = unchecked((uint)first * (uint)type.Size * 8);
        foreach (var index in relocation.Path.Skip(1))
        {
            if (spec.Step(type, index) is not { } next)
            {
                return null;
            }

            type = next;
        }

        return spec;
    }

    /// <summary>Returns the path in C syntax, such as <c>.mm->pgd</c> without its first name, or <c>[2].comm[0]</c>; <c>::NAME</c> for an enumerator.</summary>
    public string Way()
    {
        if (Steps.Count == 1 && Steps[0].Name is { } enumerator)
        {
            return "::" + enumerator;
        }

        return string.Concat(Steps.Select((step, i) => step.Name is { } name ? "." + name : i == 0 && step.Index == 0 ? "" : $"[{step.Index}]"));
    }

    /// <summary>Returns true for a flexible array at the end of its struct.</summary>
    public static bool IsFlexible(CoreStep holder, BtfArray array) =>
        array.Length == 0 && holder is { Name: not null, Type: BtfStruct type } && holder.Index == type.Members.Count - 1;

    /// <summary>Returns true for types with a size, whose elements have offsets.</summary>
    public static bool HasSize(BtfType type) => type is BtfInt or BtfFloat or BtfStruct or BtfEnum or BtfPointer or BtfArray or BtfDataSection or BtfVariable;

    private BtfType? Step(BtfType type, int index)
    {
        switch (type)
        {
            case BtfStruct holder when index < holder.Members.Count:
                var member = holder.Members[index];
                BitOffset = unchecked(BitOffset + (uint)member.BitOffset);
                if (member.Name.Length > 0)
                {
                    Steps.Add(new CoreStep(holder, index, member.Name));
                }

                return member.Type.Resolve();
            case BtfArray array when index < array.Length || IsFlexible(Last, array):
                var element = array.Element.Resolve();
                Steps.Add(new CoreStep(element, index, null));
                BitOffset = unchecked(BitOffset + (uint)index * (uint)element.Size * 8);
                return HasSize(element) ? element : null;
            default:
                return null;
        }
    }
}
