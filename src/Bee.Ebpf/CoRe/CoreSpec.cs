using Bee.Ebpf.Btf;

namespace Bee.Ebpf.CoRe;

/// <summary>One step on the way to a member: a named member of a struct or union, or (without a name) an element of an array.</summary>
/// <param name="Type">The struct or union that has the member, or the type of the element; without typedefs and modifiers.</param>
/// <param name="Index">Which member, or which element.</param>
/// <param name="Name">The member's name, or the enumerator's; null for elements.</param>
internal readonly record struct CoreStep(BtfType Type, int Index, string? Name);

/// <summary>
/// What a relocation means in one graph of types: the program's own, or the kernel's. The offset is counted in 32 bits without looking at
/// overflow, as libbpf does it: both must come to the same numbers.
/// </summary>
internal sealed class CoreSpec
{
    /// <summary>How deep members may be nested, as in libbpf.</summary>
    public const int MaxDepth = 64;

    /// <summary>The type where the way begins, by whose name the kernel's type is found.</summary>
    public required BtfType Root { get; init; }

    /// <summary>The way, anonymous structs and unions left out. It begins with the element of an array that the pointer may point into, mostly 0.</summary>
    public List<CoreStep> Steps { get; } = [];

    /// <summary>Where the member begins, in bits from the root's start.</summary>
    public uint BitOffset { get; set; }

    /// <summary>How deep the way goes, anonymous structs and unions counted.</summary>
    public int Depth { get; set; }

    /// <summary>The last step.</summary>
    public CoreStep Last => Steps[^1];

    /// <summary>Reads the relocation in the program's own types.</summary>
    /// <returns>Null where the path leads nowhere; then the object is damaged.</returns>
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

    /// <summary>The way as C writes it, such as <c>.mm->pgd</c> without its first name, or <c>[2].comm[0]</c>; <c>::NAME</c> for an enumerator.</summary>
    public string Way()
    {
        if (Steps.Count == 1 && Steps[0].Name is { } enumerator)
        {
            return "::" + enumerator;
        }

        return string.Concat(Steps.Select((step, i) => step.Name is { } name ? "." + name : i == 0 && step.Index == 0 ? "" : $"[{step.Index}]"));
    }

    /// <summary>True for an array at the end of its struct without a length of its own.</summary>
    public static bool IsFlexible(CoreStep holder, BtfArray array) =>
        array.Length == 0 && holder is { Name: not null, Type: BtfStruct type } && holder.Index == type.Members.Count - 1;

    /// <summary>True for types that an offset can be counted in.</summary>
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
