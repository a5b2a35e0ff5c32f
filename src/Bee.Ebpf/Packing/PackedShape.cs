using System.Collections.Concurrent;
using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;
using Bee.Posix;

namespace Bee.Ebpf.Packing;

/// <summary>
/// Reads and writes the definition of a type of objects without its tool: the map or iterator, the C types that its records consist of, and the metadata that views need. It has some hundred bytes, so
/// that each object can carry its own. Thread-safe.
/// </summary>
/// <remarks>A definition is the extra properties of the objects, a flag (whether only labels are read), the size of the content (a varint), and the content, compressed with Brotli.</remarks>
internal static class PackedShape
{
    // Limits for hostile definitions. Emitted types are never unloaded.
    private const int MostContent = 1 << 20, MostBytes = 64 * 1024 * 1024, MostShapes = 4096, MostVariables = 1000;
    private const int Quality = 9, Window = 22;

    private static readonly JsonSerializerOptions s_options = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };
    private static readonly ConditionalWeakTable<RecordOrigin, byte[]> s_encoded = [];
    private static readonly ConcurrentDictionary<string, RecordOrigin> s_known = new(StringComparer.Ordinal);

    /// <summary>Writes a definition.</summary>
    /// <param name="payload">Receives the definition.</param>
    /// <param name="origin">The origin of the objects.</param>
    /// <param name="isForLabels">Whether only the labels of histograms are read from the objects.</param>
    public static void Write(PackPayload payload, RecordOrigin origin, bool isForLabels) =>
        payload.Number((ulong)origin.PackedExtras).Number(isForLabels ? 1u : 0u).Bytes(s_encoded.GetValue(origin, static origin => Compress(Encode(origin))));

    /// <summary>Reads a definition and creates its type.</summary>
    /// <param name="reader">The payload, behind the extra properties.</param>
    /// <param name="extras">The properties of the objects in addition to those of the C type.</param>
    /// <param name="isForLabels">Whether only the labels of histograms are read from the objects.</param>
    /// <exception cref="PackException">The definition is damaged, or the process has read too many.</exception>
    public static RecordOrigin Read(ref PackReader reader, RecordExtras extras, out bool isForLabels)
    {
        isForLabels = reader.Number(1) == 1;
        extras = isForLabels ? RecordExtras.None : extras;
        var bytes = reader.Rest();
        var key = $"{(int)extras} {Convert.ToBase64String(SHA256.HashData(bytes))}";
        if (s_known.TryGetValue(key, out var known))
        {
            return known;
        }

        if (s_known.Count >= MostShapes)
        {
            throw PackException.Damaged($"this process has read {MostShapes} types");
        }

        try
        {
            var content = new PackReader(Decompress(bytes));
            var origin = Decode(ref content, extras);
            s_encoded.TryAdd(origin, bytes.ToArray());
            return s_known.GetOrAdd(key, origin);
        }
        catch (Exception e) when (e is BpfObjectException or OverflowException or ArgumentException or InvalidOperationException or TypeLoadException or JsonException or NotSupportedException)
        {
            throw PackException.Damaged("a type is inconsistent", e);
        }
    }

    private static byte[] Encode(RecordOrigin origin)
    {
        var types = new BtfSubset();
        var program = origin.Map is null ? origin.File.Programs.FirstOrDefault(program => program.Name == origin.Name) : null;
        var map = origin.Map;
        var metadata = map?.Metadata ?? new MapMetadata { Fields = program?.Metadata.Fields ?? MapMetadata.None.Fields };
        var payload = new PackPayload();
        payload.Number((ulong)origin.Kind).Text(TerminalText.Clean(origin.Name)).Text(TerminalText.Clean(origin.File.Name)).Text($"{origin.File.Btf?.Architecture ?? RuntimeInformation.ProcessArchitecture}")
            .Number((ulong)(map?.Type ?? 0)).Number(map?.KeySize ?? 0).Number(map?.ValueSize ?? 0).Number(map?.MaxEntries ?? 0).Number(map?.Flags ?? 0)
            .Number(map?.IsInternal == true ? 1u : 0u).Number((ulong)(map?.Role ?? 0)).Number(types.Add(map?.Key)).Number(types.Add(map is null ? program?.Record : map.Value));
        var variables = map?.Variables.Count <= MostVariables ? map.Variables : [];
        payload.Number((ulong)variables.Count);
        foreach (var variable in variables)
        {
            payload.Number(types.Add(variable.Variable)).Number((ulong)variable.Offset).Number((ulong)variable.Size);
        }

        // Texts that explain fields to the author of a tool are of no use for its objects.
        metadata = metadata with { Help = null, Fields = metadata.Fields.ToDictionary(field => field.Key, field => field.Value with { Description = null }) };
        return payload.Text(JsonSerializer.Serialize(metadata, s_options)).Bytes(types.ToSection()).ToArray();
    }

    private static RecordOrigin Decode(ref PackReader reader, RecordExtras extras)
    {
        var kind = (OriginKind)reader.Number((int)OriginKind.IteratorBytes);
        var (name, tool) = (reader.Name(), reader.Name());
        if (!Enum.TryParse<Architecture>(reader.Text(), out var architecture) || !Enum.IsDefined(architecture))
        {
            throw PackException.Damaged("the architecture of a type is unknown");
        }

        var (type, keySize, valueSize, entries, flags) = ((MapType)reader.Number((int)MapType.InstructionArray), reader.Number((uint)MostBytes), reader.Number((uint)MostBytes), reader.Number(uint.MaxValue), reader.Number(uint.MaxValue));
        var isInternal = reader.Number(1) == 1;
        var role = (MapRole)reader.Number(byte.MaxValue);
        var (key, value) = (reader.Number(int.MaxValue), reader.Number(int.MaxValue));
        var variables = new (int Id, int Offset, int Size)[reader.Number(MostVariables)];
        for (var i = 0; i < variables.Length; i++)
        {
            variables[i] = (reader.Number(int.MaxValue), reader.Number(MostBytes), reader.Number(MostBytes));
        }

        var metadata = JsonSerializer.Deserialize<MapMetadata>(reader.Text(), s_options);
        if (!Enum.IsDefined(role) || !KeptMetadata.IsValid(metadata))
        {
            throw PackException.Damaged("the metadata of a type cannot be read");
        }

        var types = BtfSpec.Parse(reader.Rest());
        types.Architecture = architecture == RuntimeInformation.ProcessArchitecture ? null : architecture;
        var map = new MapDescription
        {
            Name = name,
            Type = type,
            KeySize = keySize,
            ValueSize = valueSize,
            MaxEntries = entries,
            Flags = flags,
            IsInternal = isInternal,
            Role = role,
            Key = Type(types, key),
            Value = Type(types, value),
            Variables = [.. variables.Select(variable => Variable(types, variable.Id, variable.Offset, variable.Size, valueSize))],
        }.WithMetadata(metadata!).WithEntries(entries);
        var file = new ObjectFile(tool, default) { Btf = types, Maps = kind is OriginKind.Iterator or OriginKind.IteratorBytes ? [] : [map] };
        return kind switch
        {
            OriginKind.Event => RecordOrigin.Note(file, map, RecordType.ForEvent(map, extras)),
            OriginKind.Entry => RecordOrigin.Note(file, map, null, EntryType.ForMap(map, extras)),
            OriginKind.Histogram => RecordOrigin.Note(file, map, HistogramType.For(map, out _, extras) ?? throw PackException.Damaged("a map has no histograms")),
            OriginKind.IteratorBytes => RecordOrigin.Note(file, null, RecordType.ForBytes(name, extras)),
            _ => RecordOrigin.Note(file, null, RecordType.ForStruct(map.Value ?? throw PackException.Damaged("an iterator has no type of records"), name, map.Metadata, extras)),
        };
    }

    private static BtfType? Type(BtfSpec types, int id) => id == 0 ? null : id < types.Types.Count ? types.Types[id] : throw PackException.Damaged("a type is not defined");

    private static PlacedVariable Variable(BtfSpec types, int id, int offset, int size, uint section) => Type(types, id) is BtfVariable variable && (uint)offset + (uint)size <= section
        ? new PlacedVariable(variable, offset, size)
        : throw PackException.Damaged("a variable is not defined, or is outside of its section");

    private static byte[] Compress(byte[] content)
    {
        var bytes = new byte[PackPayload.MostVarint + BrotliEncoder.GetMaxCompressedLength(content.Length)];
        var at = PackPayload.WriteNumber(bytes, (ulong)content.Length);
        return BrotliEncoder.TryCompress(content, bytes.AsSpan(at), out var length, Quality, Window) ? bytes[..(at + length)] : throw new InvalidOperationException("The definition of a type could not be compressed.");
    }

    private static byte[] Decompress(ReadOnlySpan<byte> bytes)
    {
        var reader = new PackReader(bytes);
        var content = new byte[reader.Number(MostContent)];
        return BrotliDecoder.TryDecompress(reader.Left, content, out var length) && length == content.Length ? content : throw PackException.Damaged("the definition of a type cannot be decompressed");
    }
}

/// <summary>Packs an object with everything that its reader needs, so that it can travel alone.</summary>
internal static class PackedEvent
{
    /// <summary>Returns whether an object is an event or entry of its own, and not a struct inside of one.</summary>
    public static bool CanPack(BpfEvent e) => e is Events.TraceLine or Events.IteratorLine or TruncatedEvent || RecordOrigin.Of(e.GetType()) is not null;

    /// <summary>Packs an object.</summary>
    /// <param name="e">The object.</param>
    /// <returns>The bytes; null for an object that is not an event or entry of its own, such as a struct inside of one.</returns>
    public static byte[]? Pack(BpfEvent e)
    {
        ArgumentNullException.ThrowIfNull(e);
        if (!CanPack(e))
        {
            return null;
        }

        var to = new System.Buffers.ArrayBufferWriter<byte>(1024);
        try
        {
            new EventPacker(withShapes: true).Pack(e, to);
        }
        catch (PackException)
        {
            return null;
        }

        return to.WrittenSpan.ToArray();
    }

    /// <summary>Unpacks the bytes of <see cref="Pack"/>.</summary>
    /// <param name="bytes">The bytes, which may come from another machine and are validated.</param>
    /// <param name="unpacker">The unpacker, which knows the type of the object.</param>
    /// <exception cref="PackException">The bytes are damaged.</exception>
    public static BpfEvent Unpack(ReadOnlySpan<byte> bytes, out EventUnpacker unpacker)
    {
        var sink = new One();
        unpacker = new EventUnpacker();
        return unpacker.Read(ref bytes, sink) && sink.Last is { } e ? e : throw PackException.Damaged("they do not contain exactly one object");
    }

    private sealed class One : Events.IEventSink
    {
        public BpfEvent? Last { get; private set; }

        public bool Event(BpfEvent e)
        {
            var isFirst = Last is null;
            Last = e;
            return isFirst;
        }

        public void Lost(string map, ulong count)
        {
        }
    }
}
