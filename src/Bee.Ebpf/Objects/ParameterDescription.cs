using Bee.Ebpf.Btf;
using Bee.Ebpf.Elf;
using Bee.Ebpf.Metadata;

namespace Bee.Ebpf.Objects;

/// <summary>A global variable that can be set before the object is loaded. A <c>const volatile</c> variable is constant afterwards.</summary>
public sealed class ParameterDescription
{
    internal ParameterDescription(BtfType type) => Type = type;

    /// <summary>The variable's name.</summary>
    public required string Name { get; init; }

    /// <summary>The type of the variable, without const and volatile around it.</summary>
    internal BtfType Type { get; }

    /// <summary>The type in C syntax, such as <c>pid_t</c> or <c>char[16]</c>.</summary>
    public required string TypeName { get; init; }

    /// <summary>The offset of the variable in its section, in bytes.</summary>
    public int Offset { get; internal init; }

    /// <summary>The variable's size in bytes.</summary>
    public int Size { get; internal init; }

    /// <summary>The section, which is also the name of the internal map: <c>.rodata</c>, <c>.data</c> or <c>.bss</c>, or one of them with a suffix.</summary>
    public required string Section { get; init; }

    /// <summary>The value in the file, <see cref="Size"/> bytes, or empty for zeros. A default in the metadata overrides it.</summary>
    public ReadOnlyMemory<byte> Default { get; internal init; }

    /// <summary>The map whose number of entries the parameter sets; null if the parameter does not size a map. Inspektor Gadget's macros name such a parameter <c>MAP_max_entries</c>.</summary>
    public string? SizesMap { get; private set; }

    /// <summary>The metadata of the parameter; never null.</summary>
    internal ParameterMetadata Metadata { get; private set; } = ParameterMetadata.None;

    /// <summary>The name by which users set the parameter: the one in its metadata, else the variable's.</summary>
    public string Key => Metadata.Key ?? Name;

    /// <summary>A one-sentence description of the parameter, or null.</summary>
    public string? Description => Metadata.Description;

    /// <summary>Returns the name.</summary>
    public override string ToString() => Name;

    /// <summary>Returns a copy that sets the number of entries of a map.</summary>
    internal ParameterDescription AsSizeOf(string map)
    {
        var copy = (ParameterDescription)MemberwiseClone();
        copy.SizesMap = map;
        return copy;
    }

    /// <summary>Returns a copy with more metadata. It overrides the existing metadata.</summary>
    internal ParameterDescription WithMetadata(ParameterMetadata metadata)
    {
        var copy = (ParameterDescription)MemberwiseClone();
        copy.Metadata = metadata.Over(Metadata);
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

    /// <summary>Returns the globals of .data and .bss, which programs may also change.</summary>
    public static IReadOnlyList<ParameterDescription> ReadPlain(ElfFile elf, DataLayout? layout) =>
        [.. Describe(elf, layout, InternalMaps.IsWritable).Select(parameter => parameter.Description)];

    /// <summary>
    /// Returns whether a plain global is a parameter without metadata: a number or text with a value in .data. Compilers put both <c>int pid = 0</c> and <c>int pid</c> into .bss, where most
    /// variables hold results of programs; such a variable becomes a parameter by its metadata.
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
            foreach (var placed in GlobalVariables.Settable(layout![section.Name]))
            {
                yield return (placed.Variable.Type, Describe(placed, section, section.Type == ElfSectionType.NoBits ? default : elf.Data(section).Slice(placed.Offset, placed.Size)));
            }
        }
    }

    /// <summary>Returns whether a variable, or the elements of an array, are declared volatile.</summary>
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
