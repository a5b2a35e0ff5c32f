using Bee.Ebpf.Btf;
using Bee.Ebpf.Elf;
using Bee.Ebpf.Metadata;

namespace Bee.Ebpf.Objects;

/// <summary>A <c>const volatile</c> global variable: it can be set before the object is loaded, and is constant after.</summary>
public sealed class ParameterDescription
{
    /// <summary>The variable's name.</summary>
    public required string Name { get; init; }

    /// <summary>The variable's type, without the const and volatile around it.</summary>
    public required BtfType Type { get; init; }

    /// <summary>The type as C writes it, such as <c>pid_t</c> or <c>char[16]</c>.</summary>
    public required string TypeName { get; init; }

    /// <summary>Where the variable stands, in bytes from the start of its section.</summary>
    public int Offset { get; init; }

    /// <summary>The variable's size in bytes.</summary>
    public int Size { get; init; }

    /// <summary>The section, which is also the internal map's name: <c>.rodata</c>, or <c>.rodata.</c> with a suffix.</summary>
    public required string Section { get; init; }

    /// <summary>The value that the variable has in the file, <see cref="Size"/> bytes. <see cref="ParameterMetadata.Default"/> comes before it.</summary>
    public ReadOnlyMemory<byte> Default { get; init; }

    /// <summary>The map whose number of entries the parameter says, where it is one that Inspektor Gadget's macros declare and named <c>MAP_max_entries</c>; otherwise null.</summary>
    public string? SizesMap { get; private set; }

    /// <summary>What the author says about it; never null.</summary>
    public ParameterMetadata Metadata { get; private set; } = ParameterMetadata.None;

    /// <summary>The name by which people set the parameter: what the author calls it, else the variable's.</summary>
    public string Key => Metadata.Key ?? Name;

    /// <summary>One sentence about what the parameter does, or null.</summary>
    public string? Description => Metadata.Description;

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    /// <summary>A copy that says how many entries a map has.</summary>
    internal ParameterDescription AsSizeOf(string map)
    {
        var copy = (ParameterDescription)MemberwiseClone();
        copy.SizesMap = map;
        return copy;
    }

    /// <summary>A copy with what is said now, and before it what was said already where that is silent.</summary>
    internal ParameterDescription WithMetadata(ParameterMetadata said)
    {
        var copy = (ParameterDescription)MemberwiseClone();
        copy.Metadata = said.Over(Metadata);
        return copy;
    }
}

/// <summary>Finds the globals that are declared <c>const volatile</c>: the compiler leaves them in .rodata and reads them each time.</summary>
internal static class ParameterReader
{
    public static IReadOnlyList<ParameterDescription> Read(ElfFile elf, DataLayout? layout)
    {
        var parameters = new List<ParameterDescription>();
        foreach (var section in elf.Sections)
        {
            if (layout is null || !InternalMaps.IsReadOnly(section))
            {
                continue;
            }

            foreach (var placed in layout[section.Name])
            {
                if (IsParameter(placed.Variable))
                {
                    parameters.Add(Describe(placed, section, elf.Data(section)));
                }
            }
        }

        return parameters;
    }

    // Constants inside functions carry the function's name before a dot. Without volatile a constant is folded into the instructions, and
    // setting it would change nothing.
    private static bool IsParameter(BtfVariable variable) =>
        variable.Linkage != BtfLinkage.Extern && !variable.Name.Contains('.') && IsVolatile(variable.Type);

    private static bool IsVolatile(BtfType type)
    {
        while (true)
        {
            switch (type)
            {
                case BtfModifier { Kind: BtfKind.Volatile }:
                    return true;
                case BtfModifier modifier:
                    type = modifier.Target;
                    break;
                case BtfTypedef alias:
                    type = alias.Target;
                    break;
                case BtfArray array:
                    type = array.Element;
                    break;
                default:
                    return false;
            }
        }
    }

    private static ParameterDescription Describe(PlacedVariable placed, ElfSection section, ReadOnlyMemory<byte> data)
    {
        var type = placed.Variable.Type;
        while (type is BtfModifier modifier)
        {
            type = modifier.Target;
        }

        return new ParameterDescription
        {
            Name = placed.Variable.Name,
            Type = type,
            TypeName = BtfTypeName.Plain(type),
            Offset = placed.Offset,
            Size = placed.Size,
            Section = section.Name,
            Default = data.Slice(placed.Offset, placed.Size),
        };
    }
}
