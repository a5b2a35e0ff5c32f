using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Packing;

/// <summary>Reads and writes the definition of a type of objects.</summary>
internal static class PackedType
{
    // The longest key or value: more than the kernel allows, and too little to overflow a size.
    private const int MostBytes = 64 * 1024 * 1024;

    /// <summary>Writes a definition.</summary>
    /// <param name="payload">Receives the definition.</param>
    /// <param name="tool">The number of the tool.</param>
    /// <param name="origin">The origin of the objects.</param>
    /// <param name="isForLabels">Whether only the labels of histograms are read from the objects.</param>
    public static void Write(PackPayload payload, int tool, RecordOrigin origin, bool isForLabels)
    {
        if (origin.PackedExtras is not RecordExtras.None and var extras)
        {
            payload.Number((ulong)extras);
        }

        payload.Number((ulong)tool).Number(isForLabels ? 1u : 0u).Number((ulong)origin.Kind).Text(origin.Name).Number(origin.Map?.MaxEntries ?? 0).Optional(origin.Outer?.Name);
        if (origin is { Outer: not null, Map: { } map })
        {
            payload.Number((ulong)map.Type).Number(map.KeySize).Number(map.ValueSize).Number(map.Flags).Number(map.Key is null && map.Value is null ? 0u : 1u);
        }
    }

    /// <summary>Reads a definition and creates its type. Records the origin of the type, so that unpacked objects can be packed again.</summary>
    /// <param name="reader">The payload.</param>
    /// <param name="tools">The tools defined so far.</param>
    /// <param name="extras">The properties of the objects in addition to those of the C type.</param>
    /// <param name="isForLabels">Whether only the labels of histograms are read from the objects.</param>
    /// <exception cref="PackException">The definition is damaged.</exception>
    public static RecordOrigin Read(ref PackReader reader, List<ObjectFile> tools, RecordExtras extras, out bool isForLabels)
    {
        var file = tools.Count == 0 ? throw PackException.Damaged("a type precedes its tool") : tools[reader.Number(tools.Count - 1)];
        isForLabels = reader.Number(1) == 1;
        extras = isForLabels ? RecordExtras.None : extras;
        var kind = (OriginKind)reader.Number((int)OriginKind.IteratorBytes);
        var name = reader.Name();
        var entries = (uint)reader.Number(uint.MaxValue);
        var outer = reader.OptionalText();
        try
        {
            if (kind is OriginKind.Iterator or OriginKind.IteratorBytes)
            {
                reader.End();
                return OfIterator(file, name, kind == OriginKind.IteratorBytes, extras);
            }

            var map = Find(file, outer ?? name);
            var inner = outer is null ? map.WithEntries(entries) : Inner(ref reader, map, name, entries);
            reader.End();
            return OfMap(file, kind, inner, outer is null ? null : map, extras);
        }
        catch (Exception e) when (e is BpfObjectException or OverflowException or ArgumentException or InvalidOperationException or TypeLoadException)
        {
            throw PackException.Damaged("a type is inconsistent", e);
        }
    }

    private static MapDescription Find(ObjectFile file, string name) => file.Maps.FirstOrDefault(map => map.Name == name) ?? throw PackException.Damaged("a type names a map that its tool does not have");

    private static MapDescription Inner(ref PackReader reader, MapDescription outer, string name, uint entries)
    {
        if (!name.StartsWith($"{outer.Name}/", StringComparison.Ordinal))
        {
            throw PackException.Damaged("an inner map does not have the name of its outer map");
        }

        var type = (MapType)reader.Number((int)MapType.InstructionArray);
        var (key, value, flags, isDeclared) = ((uint)reader.Number(MostBytes), (uint)reader.Number(MostBytes), (uint)reader.Number(uint.MaxValue), reader.Number(1) == 1);
        return new MapDescription
        {
            Name = name,
            Type = type,
            KeySize = key,
            ValueSize = value,
            MaxEntries = entries,
            Flags = flags,
            Key = isDeclared ? outer.Inner?.Key : null,
            Value = isDeclared ? outer.Inner?.Value : null,
        };
    }

    private static RecordOrigin OfMap(ObjectFile file, OriginKind kind, MapDescription map, MapDescription? outer, RecordExtras extras)
    {
        if (map.KeySize > MostBytes || map.ValueSize > MostBytes)
        {
            throw PackException.Damaged("keys or values are too long");
        }

        return kind switch
        {
            OriginKind.Event => RecordOrigin.Note(file, map, RecordType.ForEvent(map, extras)),
            OriginKind.Entry => RecordOrigin.Note(file, map, outer, EntryType.ForMap(map, extras)),
            _ => RecordOrigin.Note(file, map, HistogramType.For(map, out _, extras) ?? throw PackException.Damaged("a map has no histograms")),
        };
    }

    private static RecordOrigin OfIterator(ObjectFile file, string name, bool isBytes, RecordExtras extras)
    {
        var program = file.Programs.FirstOrDefault(program => program.Name == name) ?? throw PackException.Damaged("a type names an iterator that its tool does not have");
        return RecordOrigin.Note(file, null, isBytes ? RecordType.ForBytes(program.Name, extras)
            : program.Record is { } type ? RecordType.ForStruct(type, program.Name, new MapMetadata { Fields = program.Metadata.Fields }, extras)
            : throw PackException.Damaged("an iterator has no type of records"));
    }
}
