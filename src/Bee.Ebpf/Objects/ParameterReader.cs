using Bee.Ebpf.Btf;
using Bee.Ebpf.Elf;

namespace Bee.Ebpf.Objects;

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
