using Bee.Ebpf.Btf;
using Bee.Ebpf.Elf;
using Bee.Ebpf.Metadata;

namespace Bee.Ebpf.Objects;

/// <summary>A global variable that can be set before the object is loaded. If it is <c>const volatile</c>, it is constant after.</summary>
public sealed class ParameterDescription
{
    internal ParameterDescription(BtfType type) => Type = type;

    /// <summary>The variable's name.</summary>
    public required string Name { get; init; }

    /// <summary>The variable's type, without the const and volatile around it.</summary>
    internal BtfType Type { get; }

    /// <summary>The type as C writes it, such as <c>pid_t</c> or <c>char[16]</c>.</summary>
    public required string TypeName { get; init; }

    /// <summary>Where the variable stands, in bytes from the start of its section.</summary>
    public int Offset { get; internal init; }

    /// <summary>The variable's size in bytes.</summary>
    public int Size { get; internal init; }

    /// <summary>The section, which is also the internal map's name: <c>.rodata</c>, <c>.data</c> or <c>.bss</c>, or one of them with a suffix.</summary>
    public required string Section { get; init; }

    /// <summary>The value that the variable has in the file, <see cref="Size"/> bytes, or none for zeros. <see cref="ParameterMetadata.Default"/> comes before it.</summary>
    public ReadOnlyMemory<byte> Default { get; internal init; }

    /// <summary>The map whose number of entries the parameter says, where it is one that Inspektor Gadget's macros declare and named <c>MAP_max_entries</c>; otherwise null.</summary>
    public string? SizesMap { get; private set; }

    /// <summary>What the author says about it; never null.</summary>
    internal ParameterMetadata Metadata { get; private set; } = ParameterMetadata.None;

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

/// <summary>Finds the globals that can be set before an object is loaded.</summary>
internal static class ParameterReader
{
    /// <summary>
    /// Returns the globals that are declared <c>const volatile</c>: the compiler leaves them in .rodata and reads them each time. Without volatile a constant is folded into the instructions,
    /// and setting it would change nothing.
    /// </summary>
    public static IReadOnlyList<ParameterDescription> Read(ElfFile elf, DataLayout? layout) =>
        [.. Describe(elf, layout, InternalMaps.IsReadOnly).Where(parameter => IsVolatile(parameter.Declared)).Select(parameter => parameter.Description)];

    /// <summary>Returns the globals of .data and .bss, which programs may change too.</summary>
    public static IReadOnlyList<ParameterDescription> ReadPlain(ElfFile elf, DataLayout? layout) =>
        [.. Describe(elf, layout, InternalMaps.IsWritable).Select(parameter => parameter.Description)];

    /// <summary>
    /// Whether a plain global is a parameter by itself: a number or text with a value in .data. The compiler puts <c>int pid = 0</c> and <c>int pid</c> alike into .bss, where most variables hold
    /// what programs find out; one of those is a parameter once its author describes it.
    /// </summary>
    public static bool IsListed(ParameterDescription global) => !global.Default.IsEmpty && global.Default.Span.ContainsAnyExcept((byte)0) && global.Type.Resolve() switch
    {
        BtfInt or BtfFloat or BtfEnum => true,
        BtfArray array => array.Element.Resolve() is BtfInt { Size: 1 },
        _ => false,
    };

    private static IEnumerable<(BtfType Declared, ParameterDescription Description)> Describe(ElfFile elf, DataLayout? layout, Func<ElfSection, bool> isWanted)
    {
        foreach (var section in layout is null ? [] : elf.Sections.Where(isWanted))
        {
            foreach (var placed in GlobalVariables.Shown(layout![section.Name]))
            {
                yield return (placed.Variable.Type, Describe(placed, section, section.Type == ElfSectionType.NoBits ? default : elf.Data(section).Slice(placed.Offset, placed.Size)));
            }
        }
    }

    /// <summary>Whether a variable, or the elements of an array, are declared volatile.</summary>
    public static bool IsVolatile(BtfType type)
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

    private static ParameterDescription Describe(PlacedVariable placed, ElfSection section, ReadOnlyMemory<byte> value)
    {
        var type = placed.Variable.Type;
        while (type is BtfModifier modifier)
        {
            type = modifier.Target;
        }

        return new ParameterDescription(type)
        {
            Name = placed.Variable.Name,
            TypeName = BtfTypeName.Plain(type),
            Offset = placed.Offset,
            Size = placed.Size,
            Section = section.Name,
            Default = value,
        };
    }
}
