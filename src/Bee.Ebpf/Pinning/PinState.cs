using System.Text.Json;

namespace Bee.Ebpf;

/// <summary>What a pinned program's state map holds: its details, the words of its author, and the object file, whose types its events have.</summary>
/// <param name="Id">Tells programs apart that were pinned at one path one after the other.</param>
/// <param name="Details">Name, origin, what streams.</param>
/// <param name="File">The object file, with its author's words.</param>
internal sealed record PinState(Guid Id, PinDetails Details, ObjectFile File)
{
    private sealed record Header(Guid Id, PinDetails Details, string ObjectName, ObjectMetadata Words);

    /// <summary>One line of JSON, then the object file.</summary>
    public byte[] Encode()
    {
        var words = new ObjectMetadata
        {
            Maps = File.Maps.ToDictionary(map => map.Name, map => map.Metadata),
            Programs = File.Programs.ToDictionary(program => program.Name, program => program.Metadata),
            // Defaults have had their effect, and they may be of any type.
            Parameters = File.Parameters.ToDictionary(parameter => parameter.Name, parameter => parameter.Metadata with { Default = null }),
        };
        return [.. JsonSerializer.SerializeToUtf8Bytes(new Header(Id, Details, File.Name, words)), (byte)'\n', .. File.Bytes.Span];
    }

    /// <summary>Reads what <see cref="Encode"/> wrote; null for anything else.</summary>
    public static PinState? Decode(byte[] bytes)
    {
        var end = Array.IndexOf(bytes, (byte)'\n');
        if (end < 0)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<Header>(bytes.AsSpan(0, end)) is { Details: { Name: not null, Origin: not null, Streams: not null }, ObjectName: not null, Words: not null } header
                ? new PinState(header.Id, header.Details, ObjectFile.Parse(bytes.AsMemory(end + 1), header.ObjectName).WithMetadata(header.Words))
                : null;
        }
        catch (Exception e) when (e is JsonException or BpfObjectException or NotSupportedException or ArgumentException or NullReferenceException)
        {
            // JSON can say null wherever words are expected; then it is not what was written here.
            return null;
        }
    }
}
