using System.Buffers;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using Bee.Ebpf.Host;
using Bee.Posix;

namespace Bee.Telemetry.Captures;

/// <summary>Reads and writes the JSON documents of a capture file: the head, and the totals at the end.</summary>
internal static class CaptureDocuments
{
    private static string Version =>
        typeof(CaptureDocuments).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? string.Empty;

    /// <summary>Returns the description of a new capture that this machine writes.</summary>
    /// <param name="path">The path of the capture.</param>
    /// <param name="started">When the capture began, in UTC.</param>
    public static CaptureFile Here(string path, DateTime started) => new()
    {
        Path = path,
        BeeVersion = Version,
        Host = Environment.MachineName,
        Kernel = KernelHost.Current.Release ?? RuntimeInformation.OSDescription,
        Architecture = RuntimeInformation.OSArchitecture.ToString(),
        Started = started.ToLocalTime(),
    };

    /// <summary>Returns the head of a file as JSON.</summary>
    /// <param name="file">The description of the capture.</param>
    /// <param name="number">The number of the file within the capture, from 1.</param>
    public static byte[] Head(CaptureFile file, int number) => Write(json =>
    {
        json.WriteString("bee", file.BeeVersion);
        json.WriteString("host", file.Host);
        json.WriteString("kernel", file.Kernel);
        json.WriteString("architecture", file.Architecture);
        json.WriteString("started", file.Started.ToUniversalTime());
        json.WriteNumber("number", number);
    });

    /// <summary>Returns the end of a file as JSON.</summary>
    public static byte[] Done(IReadOnlyCollection<CaptureStream> streams) => Write(json =>
    {
        json.WriteNumber("events", streams.Sum(stream => stream.Events));
        json.WriteStartArray("streams");
        foreach (CaptureStream stream in streams)
        {
            json.WriteStartObject();
            json.WriteString("name", stream.Name);
            json.WriteNumber("events", stream.Events);
            if (stream.Lost is { } lost)
            {
                json.WriteNumber("lost", lost);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    /// <summary>Parses a head.</summary>
    /// <exception cref="FormatException">The text is not a head.</exception>
    public static CaptureFile ReadHead(string path, ReadOnlyMemory<byte> text) => Read(text, root => new CaptureFile
    {
        Path = path,
        BeeVersion = Text(root, "bee"),
        Host = Text(root, "host"),
        Kernel = Text(root, "kernel"),
        Architecture = Text(root, "architecture"),
        Started = root.GetProperty("started").GetDateTime().ToLocalTime(),
    });

    /// <summary>Parses the totals at the end of a file.</summary>
    /// <exception cref="FormatException">The text is not what <see cref="Done"/> writes.</exception>
    public static IReadOnlyList<CaptureStream> ReadDone(ReadOnlyMemory<byte> text) => Read(text, root =>
    {
        var streams = new List<CaptureStream>();
        foreach (JsonElement stream in root.GetProperty("streams").EnumerateArray())
        {
            streams.Add(new CaptureStream(Text(stream, "name"), stream.GetProperty("events").GetInt64(), stream.TryGetProperty("lost", out JsonElement lost) ? lost.GetUInt64() : null));
        }

        return streams;
    });

    // Sanitized, because a terminal shows text of a file from another machine.
    private static string Text(JsonElement element, string name) => TerminalText.Show(element.GetProperty(name).GetString() ?? throw new FormatException($"'{name}' is not a text."));

    private static byte[] Write(Action<Utf8JsonWriter> properties)
    {
        var text = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            properties(json);
            json.WriteEndObject();
        }

        return text.WrittenSpan.ToArray();
    }

    private static T Read<T>(ReadOnlyMemory<byte> text, Func<JsonElement, T> read)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or ArgumentException)
        {
            throw new FormatException(e.Message, e);
        }
    }
}
