using System.Buffers.Binary;
using System.Text.Json;

namespace Bee.Cmdlets.Fleet;

/// <summary>What an agent shall do.</summary>
internal sealed record AgentRequest
{
    /// <summary>The version of the protocol. An agent refuses other versions.</summary>
    public const int Protocol = 1;

    /// <summary>The kind of work: a constant of <see cref="AgentWork"/>.</summary>
    public required string Work { get; init; }

    /// <summary>The parameters of the work, as CLIXML.</summary>
    public required string Parameters { get; init; }

    /// <summary>How long, in milliseconds, the agent continues without a message from here. It then detaches and ends.</summary>
    public int Lease { get; init; } = 1000;

    /// <summary>The release of the module here.</summary>
    public string Version { get; init; } = typeof(AgentRequest).Assembly.GetName().Version!.ToString(3);

    /// <summary>Encodes the request.</summary>
    public byte[] Encode() => JsonSerializer.SerializeToUtf8Bytes(this);

    /// <summary>Decodes the bytes of <see cref="Encode"/>.</summary>
    /// <exception cref="JsonException">The bytes are not a request.</exception>
    public static AgentRequest Decode(ReadOnlySpan<byte> bytes) => JsonSerializer.Deserialize<AgentRequest>(bytes) ?? throw new JsonException("The request is null.");
}

/// <summary>The kinds of work of an agent.</summary>
internal static class AgentWork
{
    /// <summary>Runs a tool, and sends its events.</summary>
    public const string Run = "run";

    /// <summary>Checks whether a tool can run, and sends the results as messages.</summary>
    public const string Check = "check";
}

/// <summary>The kinds of messages from an agent.</summary>
internal static class AgentMessage
{
    /// <summary>A warning.</summary>
    public const string Warning = "warning";

    /// <summary>A verbose message.</summary>
    public const string Note = "note";

    /// <summary>A message for developers.</summary>
    public const string Debug = "debug";

    /// <summary>An error, with id and remedy.</summary>
    public const string Error = "error";

    /// <summary>The tool is attached.</summary>
    public const string Attached = "attached";

    /// <summary>A result of a check, as JSON.</summary>
    public const string Result = "result";
}

/// <summary>The kinds of frames to an agent. Each frame has a kind, a length, and its bytes; the first one follows eight bytes of magic and the protocol's version.</summary>
internal enum AgentFrame
{
    /// <summary>An <see cref="AgentRequest"/>.</summary>
    Request = 1,

    /// <summary>A part of the OCI archive with the tool.</summary>
    Archive = 2,

    /// <summary>Everything was sent, and the work begins.</summary>
    Begin = 3,

    /// <summary>The connection is alive: the time here, in UTC ticks.</summary>
    Alive = 4,

    /// <summary>The work shall end.</summary>
    End = 5,
}

/// <summary>Reads and writes frames to an agent.</summary>
internal static class AgentFrames
{
    /// <summary>The size of a frame's kind and length in bytes.</summary>
    public const int Header = 2 * sizeof(int);

    /// <summary>The size of a frame's content, at most, in bytes.</summary>
    public const int Largest = 16 << 20;

    /// <summary>The first bytes to an agent.</summary>
    public static ReadOnlySpan<byte> Magic => "BEEAGENT"u8;

    /// <summary>Writes the magic and the version.</summary>
    public static void WritePreamble(Stream to)
    {
        Span<byte> bytes = stackalloc byte[Magic.Length + sizeof(int)];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[Magic.Length..], AgentRequest.Protocol);
        to.Write(bytes);
    }

    /// <summary>Reads the magic and returns the version; null if there is no magic.</summary>
    public static int? ReadPreamble(Stream from)
    {
        Span<byte> bytes = stackalloc byte[Magic.Length + sizeof(int)];
        return from.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) == bytes.Length && bytes.StartsWith(Magic) ? BinaryPrimitives.ReadInt32LittleEndian(bytes[Magic.Length..]) : null;
    }

    /// <summary>Writes a frame, with one call.</summary>
    public static void Write(Stream to, AgentFrame kind, ReadOnlySpan<byte> content)
    {
        var frame = new byte[Header + content.Length];
        BinaryPrimitives.WriteInt32LittleEndian(frame, (int)kind);
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(sizeof(int)), content.Length);
        content.CopyTo(frame.AsSpan(Header));
        to.Write(frame);
        to.Flush();
    }

    /// <summary>Reads a frame; null at the end of the stream, or if it is damaged.</summary>
    public static (AgentFrame Kind, byte[] Content)? Read(Stream from)
    {
        Span<byte> header = stackalloc byte[Header];
        if (from.ReadAtLeast(header, Header, throwOnEndOfStream: false) < Header)
        {
            return null;
        }

        int length = BinaryPrimitives.ReadInt32LittleEndian(header[sizeof(int)..]);
        if (length is < 0 or > Largest)
        {
            return null;
        }

        var content = new byte[length];
        return from.ReadAtLeast(content, length, throwOnEndOfStream: false) == length ? ((AgentFrame)BinaryPrimitives.ReadInt32LittleEndian(header), content) : null;
    }
}
