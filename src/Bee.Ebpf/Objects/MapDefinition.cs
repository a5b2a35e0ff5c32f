using Bee.Ebpf.Btf;
using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Objects;

/// <summary>
/// Reads the definition of one map: an unused struct whose members encode the map's properties in their types. <c>__uint(name, 5)</c> declares
/// a pointer to an array of 5, <c>__type(name, T)</c> a pointer to T, <c>__array(values, T)</c> an array of pointers to T.
/// </summary>
internal static class MapDefinition
{
    private const uint PinByName = 1;
    private const uint DescriptorSize = 4;
    private const int MaxProperties = 32;

    public static MapDescription Read(string name, BtfStruct definition, bool isInner)
    {
        var numbers = new Dictionary<string, uint>(StringComparer.Ordinal);
        BtfType? key = null, value = null;
        MapDescription? inner = null;
        uint keySize = 0, valueSize = 0;
        if (definition.Members.Count > MaxProperties)
        {
            throw Bad(name, $"has {definition.Members.Count} properties");
        }

        for (var i = 0; i < definition.Members.Count; i++)
        {
            var member = definition.Members[i];
            switch (member.Name)
            {
                // __ulong() of libbpf 1.5, for values that do not fit into __uint(). Only libbpf reads it.
                case "map_extra" when member.Type.Resolve() is BtfEnum:
                    break;
                case "type" or "max_entries" or "map_flags" or "numa_node" or "map_extra" or "pinning":
                    numbers[member.Name] = Number(name, member);
                    break;
                case "key_size":
                    keySize = Same(name, "key", keySize, Number(name, member));
                    break;
                case "value_size":
                    valueSize = Same(name, "value", valueSize, Number(name, member));
                    break;
                case "key":
                    key = Type(name, member);
                    keySize = Same(name, "key", keySize, (uint)key.Size);
                    break;
                case "value":
                    value = Type(name, member);
                    valueSize = Same(name, "value", valueSize, (uint)value.Size);
                    break;
                case "values" when isInner:
                    throw Bad(name, "holds maps of maps, which are not supported");
                case "values" when i != definition.Members.Count - 1:
                    throw Bad(name, "must declare its 'values' last");
                case "values":
                    valueSize = Same(name, "value", valueSize, DescriptorSize);
                    inner = Inner(name, (MapType)numbers.GetValueOrDefault("type"), member);
                    break;
                default:
                    throw Bad(name, $"has the unknown property '{member.Name}'{Suggestion(member.Name)}");
            }
        }

        if (numbers.GetValueOrDefault("type") == 0)
        {
            throw Bad(name, "has no type; add __uint(type, BPF_MAP_TYPE_...)");
        }

        if (numbers.TryGetValue("pinning", out var pinning) && (pinning > PinByName || isInner))
        {
            throw Bad(name, $"has the unknown pinning {pinning}");
        }

        var type = (MapType)numbers["type"];
        return new MapDescription
        {
            Name = name,
            Type = type,
            KeySize = keySize,
            // The loader of bcc's tools sets it.
            ValueSize = valueSize == 0 && type == MapType.StackTrace ? MapSizes.StackSize(numbers.GetValueOrDefault("map_flags")) : valueSize,
            MaxEntries = numbers.GetValueOrDefault("max_entries"),
            Flags = numbers.GetValueOrDefault("map_flags"),
            Key = key,
            Value = value,
            Role = MapReader.RoleOf(name),
            Inner = inner,
            IsPinned = pinning == PinByName,
        };
    }

    public static BpfObjectException Bad(string map, string what) => new(ObjectFault.BadMap, $"The map '{map}' {what}.");

    private static uint Number(string map, BtfMember member) =>
        member.Type.Resolve() is BtfPointer { Target: BtfArray array }
            ? array.DeclaredLength
            : throw Bad(map, $"does not declare '{member.Name}' with __uint()");

    private static BtfType Type(string map, BtfMember member)
    {
        // Not through typedefs: libbpf does not resolve them here either.
        if (member.Type is not BtfPointer pointer)
        {
            throw Bad(map, $"does not declare '{member.Name}' with __type()");
        }

        return HasSize(pointer.Target) ? pointer.Target : throw Bad(map, $"has a {member.Name} of type '{pointer.Target}', which has no size");
    }

    private static bool HasSize(BtfType type) =>
        type.Size < BtfSizes.Unbounded && type.Resolve() is BtfInt or BtfFloat or BtfEnum or BtfPointer or BtfStruct or BtfArray;

    private static uint Same(string map, string what, uint before, uint now) =>
        before == 0 || before == now ? now : throw Bad(map, $"declares two sizes of its {what}, {before} and {now}");

    private static MapDescription? Inner(string map, MapType type, BtfMember member)
    {
        if (member.Type is not BtfArray { Length: 0 } array || array.Element.Resolve() is not BtfPointer pointer)
        {
            throw Bad(map, "does not declare its 'values' with __array()");
        }

        return (type, pointer.Target.Resolve()) switch
        {
            (MapType.ProgramArray, BtfFunctionPrototype) => null,
            (MapType.ArrayOfMaps or MapType.HashOfMaps, BtfStruct { IsUnion: false } definition) => Read(map + ".inner", definition, isInner: true),
            _ => throw Bad(map, "has 'values' that do not fit its type; declare the type first"),
        };
    }

    private static string Suggestion(string name)
    {
        var near = Suggest.Nearest(name, ["type", "max_entries", "map_flags", "numa_node", "map_extra", "pinning", "key", "key_size", "value", "value_size", "values"], 1);
        return near.Count == 0 ? "" : $"; '{near[0]}'?";
    }
}
