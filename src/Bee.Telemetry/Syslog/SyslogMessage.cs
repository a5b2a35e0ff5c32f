using System.Globalization;
using System.Text;
using Bee.Posix;
using Bee.Telemetry.Logs;

namespace Bee.Telemetry.Syslog;

/// <summary>Encodes log records as messages of RFC 5424.</summary>
/// <param name="host">The name of this machine.</param>
/// <param name="process">The id of this process.</param>
/// <param name="most">The maximum size of a message in bytes. Longer messages are truncated and marked as such.</param>
internal sealed class SyslogMessage(string host, int process, int most)
{
    /// <summary>The SD-ID of the attributes. RFC 5612 reserves the enterprise number 32473 for examples. Bee has no number of its own.</summary>
    public const string AttributesId = "bee@32473";

    // Facility 1: user-level messages.
    private const int Facility = 1;

    private const int LongestHost = 255, LongestApp = 48, LongestMessageId = 32, LongestName = 32;
    private const string Truncated = " truncated=\"true\"";
    private const string End = "] ";
    private const string Ellipsis = "…";

    // Sequence numbers wrap around here (RFC 5424, 7.3.1).
    private const long LastSequence = int.MaxValue;

    private static readonly byte[] s_byteOrderMark = [0xEF, 0xBB, 0xBF];

    private readonly string _host = Header(host, LongestHost);

    /// <summary>Returns the bytes of a message.</summary>
    public byte[] Encode(LogRecord record)
    {
        int priority = (Facility * 8) + (int)record.Severity;
        long sequence = ((record.Sequence - 1) % LastSequence) + 1;
        string head = string.Create(
            CultureInfo.InvariantCulture,
            $"<{priority}>1 {Moment(record.Time ?? record.Observed)} {_host} {Header(record.Tool ?? "bee", LongestApp)} {process} {Header(record.IsLoss ? "lost" : record.Map, LongestMessageId)} [meta sequenceId=\"{sequence}\"]");
        var text = new StringBuilder(head, 512);

        // Reserves up to a quarter of the size for the text of the message.
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

    // Returns false if a parameter was omitted. Leaves the element open.
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

    // Keeps printable ASCII without spaces. An empty field becomes a dash.
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

    // Avoids Bee's own names (event, truncated), and duplicates.
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

    // RFC 5424, 6.3.3. Control characters are removed, since terminals show logs.
    private static string Escape(string value) => TerminalText.Show(value).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("]", "\\]", StringComparison.Ordinal);
}
