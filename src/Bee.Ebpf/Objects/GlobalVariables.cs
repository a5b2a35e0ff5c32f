using Bee.Ebpf.Btf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;

namespace Bee.Ebpf.Objects;

/// <summary>The position of a global variable that is described as a map.</summary>
/// <param name="Section">The section, which is also the name of the map that holds all of its variables.</param>
/// <param name="SectionSize">The size of the section in bytes.</param>
/// <param name="Offset">The offset of the variable in the section, in bytes.</param>
internal sealed record GlobalPlace(string Section, int SectionSize, int Offset);

/// <summary>
/// Describes the global variables of .bss and .data as maps: an array has one entry per element, other variables have one entry. Variables can thus be read, written, streamed
/// and measured like maps, and the metadata of maps applies to them.
/// </summary>
internal static class GlobalVariables
{
    private const string Slots = "slots", BeePrefix = "bee_histogram_";

    /// <summary>Returns the descriptions of a section's variables.</summary>
    /// <param name="section">The map of the section.</param>
    public static IEnumerable<MapDescription> Of(MapDescription section) =>
        section.IsReadOnlyData ? [] : section.Variables.Where(placed => placed.Size > 0).Select(placed => Describe(section, placed));

    /// <summary>Returns the visible variables of a section: those of the source, without bee.h's own.</summary>
    public static IReadOnlyList<PlacedVariable> Shown(IReadOnlyList<PlacedVariable> variables) => [.. Settable(variables).Where(placed => placed.Variable.Name != TargetFilter.SwitchName)];

    /// <summary>Returns the visible variables of a section and bee.h's switch of the filter by containers. Constants inside functions have the function's name and a dot as prefix.</summary>
    public static IReadOnlyList<PlacedVariable> Settable(IReadOnlyList<PlacedVariable> variables) => [.. variables.Where(placed =>
        placed.Variable.Linkage != BtfLinkage.Extern && !placed.Variable.Name.Contains('.') && !placed.Variable.Name.StartsWith(BeePrefix, StringComparison.Ordinal))];

    private static MapDescription Describe(MapDescription section, PlacedVariable placed)
    {
        var type = placed.Variable.Type;
        var (element, count) = type.Resolve() is BtfArray { Length: > 0 } array && array.Element.Size * (long)array.Length == placed.Size && !IsText(array.Element)
            ? (array.Element, array.Length)
            : (type, 1);
        return new MapDescription
        {
            Name = placed.Variable.Name,
            Type = MapType.Array,
            KeySize = sizeof(int),
            ValueSize = (uint)(placed.Size / count),
            MaxEntries = (uint)count,
            Value = element,
            // A variable's name has no role prefix, so its type decides. A static histogram is usually the initial value for new entries of a hash map.
            Role = placed.Variable.Linkage == BtfLinkage.Global && HasSlots(element) ? MapRole.Histogram : MapRole.None,
            IsInternal = true,
            Place = new GlobalPlace(section.Name, (int)section.ValueSize, placed.Offset),
        };
    }

    private static bool IsText(BtfType element) => element.Resolve() is BtfInt { Size: 1, IsBool: false };

    private static bool HasSlots(BtfType type) => type.Resolve() is BtfStruct { IsUnion: false } record && record.Members.Any(member =>
        member.Name == Slots && member.Type.Resolve() is BtfArray { Length: > 1 } array && array.Element.Resolve() is BtfInt { Size: > 1 });
}
