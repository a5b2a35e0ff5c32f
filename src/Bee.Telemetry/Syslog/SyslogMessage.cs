using System.Globalization;
using System.Text;
using Bee.Posix;
using Bee.Telemetry.Logs;

namespace Bee.Telemetry.Syslog;

/// <summary>Writes log records as messages of RFC 5424.</summary>
/// <param name="host">The name of this machine.</param>
/// <param name="process">The number of this process.</param>
/// <param name="most">How many bytes a message has at most; what does not fit is cut off, and the message says so.</param>
internal sealed class SyslogMessage(string host, int process, int most)
{
    /// <summary>The SD-ID of the attributes. 32473 is the enterprise number that RFC 5612 sets aside for examples: Bee has none of its own, and no other organization can get this one.</summary>
    public const string AttributesId = "bee@32473";

    // user-level messages
    private const int Facility = 1;

    private const int LongestHost = 255, LongestApp = 48, LongestMessageId = 32, LongestName = 32;
    private const string Truncated = " truncated=\"true\"";
    private const string End = "] ";
    private const string Ellipsis = "…";

    // Numbers begin anew behind this one (RFC 5424, 7.3.1).
    private const long LastSequence = int.MaxValue;

    private static readonly byte[] s_byteOrderMark = [0xEF, 0xBB, 0xBF];

    private readonly string _host = Header(host, LongestHost);

    /// <summary>Returns the message.</summary>
    public byte[] Encode(LogRecord record)
    {
        int priority = (Facility * 8) + (int)record.Severity;
        long sequence = ((record.Sequence - 1) % LastSequence) + 1;
        string head = string.Create(
            CultureInfo.InvariantCulture,
            $"<{priority}>1 {Moment(record.Time ?? record.Observed)} {_host} {Header(record.Tool ?? "bee", LongestApp)} {process} {Header(record.IsLoss ? "lost" : record.Map, LongestMessageId)} [meta sequenceId=\"{sequence}\"]");
        var text = new StringBuilder(head, 512);

        // The message itself gets a quarter of the room if it needs that much.
        byte[] body = Encoding.UTF8.GetBytes(record.Body);
        int room = most - head.Length - s_byteOrderMark.Length - Ellipsis.Length - 2 - Truncated.Length - Math.Min(body.Length, most / 4);
        bool isCut = !Append(text, record, room);
        int left = most - Encoding.UTF8.GetByteCount(text.ToString()) - End.Length - s_byteOrderMark.Length;
        if (isCut || body.Length > left)
        {
            text.Append(Truncated);
            left -= Truncated.Length;
        }

        return [.. Encoding.UTF8.GetBytes(text.Append(End).ToString()), .. s_byteOrderMark, .. Cut(body, left)];
    }

    // False if a parameter was left out. The element is still open.
    private static bool Append(StringBuilder text, LogRecord record, int room)
    {
        var parameters = new List<LogAttribute> { new("event", record.EventName) };
        parameters.AddRange(FlatAttributes.Of(record.Attributes, '.'));
        var used = new HashSet<string>(StringComparer.Ordinal);
        bool isWhole = true;
        text.Append('[').Append(AttributesId);
        room -= AttributesId.Length + 2;
        foreach (LogAttribute parameter in parameters)
        {
            string written = $" {Unique(Name(parameter.Name), used)}=\"{Escape(FlatAttributes.Text(parameter.Value!))}\"";
            int size = Encoding.UTF8.GetByteCount(written);
            if (size > room)
            {
                isWhole = false;
                continue;
            }

            room -= size;
            text.Append(written);
        }

        return isWhole;
    }

    private static byte[] Cut(byte[] body, int left)
    {
        if (body.Length <= left)
        {
            return body;
        }

        int end = Math.Max(0, left - Encoding.UTF8.GetByteCount(Ellipsis));
        while (end > 0 && (body[end] & 0xC0) == 0x80)
        {
            end--;
        }

        return [.. body.AsSpan(0, end), .. Encoding.UTF8.GetBytes(Ellipsis)];
    }

    private static string Moment(DateTime utc)
    {
        DateTime local = utc.ToLocalTime();
        return local.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffffzzz", CultureInfo.InvariantCulture);
    }

    // Printable ASCII without spaces; a dash for nothing.
    private static string Header(string? text, int longest)
    {
        if (string.IsNullOrEmpty(text))
        {
            return "-";
        }

        var clean = new StringBuilder();
        foreach (char letter in text.AsSpan(0, Math.Min(text.Length, longest)))
        {
            clean.Append(letter is > ' ' and <= '~' ? letter : '_');
        }

        return clean.ToString();
    }

    private static string Name(string attribute)
    {
        var name = new StringBuilder();
        foreach (char letter in attribute.AsSpan(0, Math.Min(attribute.Length, LongestName)))
        {
            name.Append(letter is > ' ' and <= '~' and not ('=' or ']' or '"') ? letter : '_');
        }

        return name.Length == 0 ? "_" : name.ToString();
    }

    // A name of Bee's own (event, truncated) is not one of the record too.
    private static string Unique(string name, HashSet<string> used)
    {
        string unique = name;
        for (int i = 2; unique == "truncated" || !used.Add(unique); i++)
        {
            string suffix = string.Create(CultureInfo.InvariantCulture, $"_{i}");
            unique = name[..Math.Min(name.Length, LongestName - suffix.Length)] + suffix;
        }

        return unique;
    }

    // RFC 5424, 6.3.3. Control characters would be obeyed by a terminal that shows the log.
    private static string Escape(string value) => TerminalText.Show(value).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("]", "\\]", StringComparison.Ordinal);
}
