using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Bee.Telemetry.Otlp;

/// <summary>Parses the answers of receivers: partial success, and <c>google.rpc.Status</c>. Damaged answers count as empty, because the status code is what matters.</summary>
internal static class OtlpResponse
{
    /// <summary>Returns the number of rejected items, and the reason, from protobuf.</summary>
    public static (long Rejected, string Message) PartialProtobuf(ReadOnlySpan<byte> body)
    {
        while (ReadField(ref body, out var field, out _, out var partial))
        {
            if (field == 1)
            {
                var (rejected, message) = (0L, "");
                while (ReadField(ref partial, out var part, out var number, out var text))
                {
                    (rejected, message) = part switch
                    {
                        1 => (Math.Max(0, (long)number), message),
                        2 => (rejected, Encoding.UTF8.GetString(text)),
                        _ => (rejected, message),
                    };
                }

                return (rejected, message);
            }
        }

        return (0, "");
    }

    /// <summary>Returns the number of rejected items, and the reason, from JSON.</summary>
    public static (long Rejected, string Message) PartialJson(byte[] body, OtlpSignal signal)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            if (document.RootElement is not { ValueKind: JsonValueKind.Object } root || !root.TryGetProperty("partialSuccess", out var partial) || partial.ValueKind != JsonValueKind.Object)
            {
                return (0, "");
            }

            var rejected = partial.TryGetProperty(signal == OtlpSignal.Metrics ? "rejectedDataPoints" : "rejectedLogRecords", out var count) ? Number(count) : 0;
            return (Math.Max(0, rejected), Text(partial, "errorMessage"));
        }
        catch (JsonException)
        {
            return (0, "");
        }
    }

    /// <summary>Returns the message of a status in protobuf.</summary>
    public static string StatusProtobuf(ReadOnlySpan<byte> body)
    {
        var message = "";
        while (ReadField(ref body, out var field, out _, out var text))
        {
            message = field == 2 ? Encoding.UTF8.GetString(text) : message;
        }

        return message;
    }

    /// <summary>Returns the message of a status in JSON.</summary>
    public static string StatusJson(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.ValueKind == JsonValueKind.Object ? Text(document.RootElement, "message") : "";
        }
        catch (JsonException)
        {
            return "";
        }
    }

    private static string Text(JsonElement element, string name) => element.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString()! : "";

    // Integers of 64 bits are strings in JSON, but some receivers write numbers.
    private static long Number(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => long.TryParse(element.GetString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : 0,
        JsonValueKind.Number => element.TryGetInt64(out var number) ? number : 0,
        _ => 0,
    };

    // Removes one field from the beginning. Returns false at the end, and if the bytes are not a field.
    private static bool ReadField(ref ReadOnlySpan<byte> bytes, out int field, out ulong number, out ReadOnlySpan<byte> text)
    {
        (field, number) = (0, 0);
        text = default;
        if (!ReadVarint(ref bytes, out var tag))
        {
            return false;
        }

        field = (int)Math.Min(tag >> 3, int.MaxValue);
        switch (tag & 7)
        {
            case 0:
                return ReadVarint(ref bytes, out number);
            case 1:
                return Take(ref bytes, 8, out text);
            case 2:
                return ReadVarint(ref bytes, out var length) && Take(ref bytes, length, out text);
            case 5:
                return Take(ref bytes, 4, out text);
            default:
                return false;
        }
    }

    private static bool ReadVarint(ref ReadOnlySpan<byte> bytes, out ulong value)
    {
        value = 0;
        for (var i = 0; i < bytes.Length && i < 10; i++)
        {
            value |= (ulong)(bytes[i] & 0x7F) << (7 * i);
            if (bytes[i] < 0x80)
            {
                bytes = bytes[(i + 1)..];
                return true;
            }
        }

        return false;
    }

    private static bool Take(ref ReadOnlySpan<byte> bytes, ulong length, out ReadOnlySpan<byte> taken)
    {
        if (length > (ulong)bytes.Length)
        {
            taken = default;
            return false;
        }

        taken = bytes[..(int)length];
        bytes = bytes[(int)length..];
        return true;
    }
}
