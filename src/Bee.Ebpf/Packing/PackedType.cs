using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Packing;

/// <summary>A type of objects as a definition among packed events, and what is made of that.</summary>
internal sealed class PackedType
{
    private PackedType(RecordOrigin origin) => Origin = origin;

    /// <summary>Where the objects come from.</summary>
    public RecordOrigin Origin { get; }

    /// <summary>Makes events; null for entries and histograms.</summary>
    public RecordType? Record { get; private init; }

    /// <summary>Makes entries; null for others.</summary>
    public EntryType? Entry { get; private init; }

    /// <summary>Writes a definition.</summary>
    public static void Write(PackPayload payload, int tool, RecordOrigin origin) => payload
        .Number((ulong)tool).Number((ulong)origin.Kind).Text(origin.Name).Number(origin.Map?.MaxEntries ?? 0);

    /// <summary>Reads a definition and makes its type. Objects that are unpacked can be packed again: the type's origin is noted.</summary>
    /// <param name="reader">The payload.</param>
    /// <param name="tools">The tools that were defined before.</param>
    public static PackedType Read(ref PackReader reader, List<ObjectFile> tools)
    {
        var file = tools[reader.Number(tools.Count - 1)];
        var kind = (OriginKind)reader.Number((int)OriginKind.IteratorBytes);
        var name = reader.Text();
        var entries = (uint)reader.Number(int.MaxValue);
        reader.End();
        try
        {
            return kind is OriginKind.Iterator or OriginKind.IteratorBytes
                ? OfIterator(new RecordOrigin(file, kind, name, null))
                : OfMap(new RecordOrigin(file, kind, name, file.Maps.FirstOrDefault(map => map.Name == name)?.WithEntries(entries)
                    ?? throw PackException.Damaged("a type names a map that its tool does not have")));
        }
        catch (Exception e) when (e is BpfObjectException or OverflowException)
        {
            throw PackException.Damaged("a type contradicts itself", e);
        }
    }

    private static PackedType OfMap(RecordOrigin origin)
    {
        switch (origin.Kind)
        {
            case OriginKind.Event:
                var record = RecordType.ForEvent(origin.Map!);
                RecordOrigin.Note(record.ClrType, origin);
                return new PackedType(origin) { Record = record };
            case OriginKind.Entry:
                var entry = EntryType.ForMap(origin.Map!);
                RecordOrigin.Note(entry.ClrType, origin);
                return new PackedType(origin) { Entry = entry };
            default:
                throw new PackException(PackFault.UnknownItem, "Packed events hold histograms.");
        }
    }

    private static PackedType OfIterator(RecordOrigin origin)
    {
        var program = origin.File.Programs.FirstOrDefault(program => program.Name == origin.Name) ?? throw PackException.Damaged("a type names an iterator that its tool does not have");
        var record = origin.Kind == OriginKind.IteratorBytes ? RecordType.ForBytes(program.Name)
            : program.Record is { } type ? RecordType.ForStruct(type, program.Name, new MapMetadata { Fields = program.Metadata.Fields })
            : throw PackException.Damaged("an iterator has no type of records");
        RecordOrigin.Note(record.ClrType, origin);
        return new PackedType(origin) { Record = record };
    }
}
