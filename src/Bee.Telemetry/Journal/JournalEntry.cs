using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Bee.Telemetry.Logs;

namespace Bee.Telemetry.Journal;

/// <summary>Encodes log records in the journal's native protocol (systemd, JOURNAL_NATIVE_PROTOCOL).</summary>
internal static class JournalEntry
{
    // journald drops fields with longer names (journal-file.c, journal_field_valid).
    private const int LongestName = 64;

    // Names with a meaning for journald or its readers, which attributes must not use.
    private static readonly string[] s_taken = ["MESSAGE", "PRIORITY", "ERRNO", "TID", "UNIT", "USER_UNIT", "DOCUMENTATION", "INVOCATION_ID", "USER_INVOCATION_ID"];

    private static readonly string[] s_takenFamilies = ["MESSAGE_", "SYSLOG_", "CODE_", "OBJECT_", "COREDUMP_", "BEE_", "_"];

    /// <summary>Returns the bytes of an entry.</summary>
    public static ReadOnlyMemory<byte> Encode(LogRecord record)
    {
        var output = new ArrayBufferWriter<byte>(512);
        Write(output, "MESSAGE", record.Body);
        Write(output, "PRIORITY", ((int)record.Severity).ToString(CultureInfo.InvariantCulture));
        Write(output, "SYSLOG_IDENTIFIER", record.Tool ?? "bee");
        Write(output, "BEE_EVENT", record.EventName);
        Write(output, "BEE_SEQ", record.Sequence.ToString(CultureInfo.InvariantCulture));
        Write(output, "BEE_TOOL", record.Tool);
        Write(output, "BEE_MAP", record.Map);
        Write(output, "BEE_TIME", record.Time is { } time ? Moment(time) : null);
        Write(output, "BEE_OBSERVED", Moment(record.Observed));
        Write(output, "BEE_LOST", record.IsLoss ? record.LostCount.ToString(CultureInfo.InvariantCulture) : null);
        var used = new HashSet<string>(StringComparer.Ordinal);
        foreach (LogAttribute attribute in FlatAttributes.Of(record.Attributes, '_'))
        {
            string name = Unique(Name(attribute.Name), used);
            if (attribute.Value is byte[] bytes)
            {
                Write(output, name, bytes);
            }
            else
            {
                Write(output, name, FlatAttributes.Text(attribute.Value!));
            }
        }

        return output.WrittenMemory;
    }

    /// <summary>Returns the field name for an attribute: upper-case letters, digits and underscores, with a letter first.</summary>
    public static string Name(string attribute)
    {
        var name = new StringBuilder(attribute.Length);
        foreach (char letter in attribute)
        {
            name.Append(char.IsAsciiLetterOrDigit(letter) ? char.ToUpperInvariant(letter) : '_');
        }

        string text = name.ToString();
        if (text.Length == 0 || !char.IsAsciiLetter(text[0]) || Array.IndexOf(s_taken, text) >= 0 || Array.Exists(s_takenFamilies, family => text.StartsWith(family, StringComparison.Ordinal)))
        {
            text = "FIELD_" + text.TrimStart('_');
        }

        return text.Length <= LongestName ? text : text[..LongestName];
    }

    private static string Unique(string name, HashSet<string> used)
    {
        string unique = name;
        for (int i = 2; !used.Add(unique); i++)
        {
            string suffix = string.Create(CultureInfo.InvariantCulture, $"_{i}");
            unique = name[..Math.Min(name.Length, LongestName - suffix.Length)] + suffix;
        }

        return unique;
    }

    private static string Moment(DateTime utc) => utc.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    private static void Write(ArrayBufferWriter<byte> output, string name, string? value)
    {
        if (value is not null)
        {
            Write(output, name, Encoding.UTF8.GetBytes(value));
        }
    }

    private static void Write(ArrayBufferWriter<byte> output, string name, ReadOnlySpan<byte> value)
    {
        Encoding.ASCII.GetBytes(name, output);
        if (value.IndexOf((byte)'\n') < 0)
        {
            output.Write("="u8);
        }
        else
        {
            output.Write("\n"u8);
            BinaryPrimitives.WriteUInt64LittleEndian(output.GetSpan(sizeof(ulong)), (ulong)value.Length);
            output.Advance(sizeof(ulong));
        }

        output.Write(value);
        output.Write("\n"u8);
    }
}
