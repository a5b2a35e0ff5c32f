using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Bee.Telemetry.Captures;

/// <summary>
/// The chunks that only a stream of events has: a capture that one process writes to another while events come. A stream begins like a file. Its DATA chunks are small and not compressed.
/// </summary>
internal static class CaptureStreamFormat
{
    /// <summary>The maximum size of a chunk of a stream in bytes. It bounds the memory of the reader.</summary>
    public const int LargestChunk = 8 << 20;

    /// <summary>The maximum size of the text before the magic in bytes: what the shell of a host prints.</summary>
    public const int LargestGreeting = 1 << 20;
}

/// <summary>The times in a BEAT chunk. They let the reader estimate the distance of the two clocks, as NTP does. All are ticks of <see cref="DateTime"/>, UTC.</summary>
/// <param name="Sent">When the reader sent its last message, on the reader's clock; 0 for none.</param>
/// <param name="Received">When the writer received that message, on the writer's clock.</param>
/// <param name="Now">When the chunk was written, on the writer's clock.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Heartbeat(long Sent, long Received, long Now)
{
    /// <summary>The size of the content in bytes.</summary>
    public const int Size = 3 * sizeof(long);

    /// <summary>Writes the content.</summary>
    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteInt64LittleEndian(to, Sent);
        BinaryPrimitives.WriteInt64LittleEndian(to[sizeof(long)..], Received);
        BinaryPrimitives.WriteInt64LittleEndian(to[(2 * sizeof(long))..], Now);
    }

    /// <summary>Reads the content.</summary>
    public static Heartbeat Read(ReadOnlySpan<byte> from) => new(
        BinaryPrimitives.ReadInt64LittleEndian(from), BinaryPrimitives.ReadInt64LittleEndian(from[sizeof(long)..]), BinaryPrimitives.ReadInt64LittleEndian(from[(2 * sizeof(long))..]));
}

/// <summary>A text in a stream: a warning, a note, an error, or a result.</summary>
/// <param name="Kind">The kind, which the program on top of the stream defines.</param>
/// <param name="Text">The text.</param>
internal sealed record StreamMessage(string Kind, string Text)
{
    /// <summary>The id of an error.</summary>
    public string? Id { get; init; }

    /// <summary>The remedy of an error.</summary>
    public string? Remedy { get; init; }

    /// <summary>Encodes the message.</summary>
    public byte[] Encode()
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("kind", Kind);
            json.WriteString("text", Text);
            if (Id is not null)
            {
                json.WriteString("id", Id);
            }

            if (Remedy is not null)
            {
                json.WriteString("remedy", Remedy);
            }

            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Decodes the bytes of <see cref="Encode"/>.</summary>
    /// <exception cref="FormatException">The bytes are not a message.</exception>
    public static StreamMessage Decode(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            JsonElement root = document.RootElement;
            return new StreamMessage(root.GetProperty("kind").GetString() ?? string.Empty, root.GetProperty("text").GetString() ?? string.Empty)
            {
                Id = root.TryGetProperty("id", out JsonElement id) ? id.GetString() : null,
                Remedy = root.TryGetProperty("remedy", out JsonElement remedy) ? remedy.GetString() : null,
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new FormatException(e.Message, e);
        }
    }
}
