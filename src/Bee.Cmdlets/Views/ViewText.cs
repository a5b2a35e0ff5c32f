using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Text;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;
using Bee.Posix;

namespace Bee.Cmdlets.Views;

/// <summary>
/// Formats values for the views of formats/Bee.Format.ps1xml. Objects are read by their properties, so that deserialized ones (Import-Clixml, Receive-Job) look the same.
/// </summary>
public static class ViewText
{
    // The width of the other columns in a table of checks, plus one.
    private const int BesideMessage = 28;

    // The width of a list's text on 80 columns, without labels and indentation.
    private const int DetailsWidth = 60;

    // The width of a list's longest label and of the separator after it.
    private const int BesideDetails = 17;

    // The width of the other columns in a table of images, beside repository and tag, of which the tag gets a third; and in a table of sessions, beside the name. Gaps are included.
    private const int BesideReference = 36, TagsPart = 3, BesideName = 65;

    // The same as in the format file.
    private const int MetricValueWidth = 13;

    private const string Indent = "    ", Gap = "  ";

    // Maps that bee.h declares for itself, which views do not show.
    private static readonly string[] s_ownMaps = [MapDescription.LostMap, TargetFilter.MapName];

    /// <summary>Returns the first twelve digits of a digest, which are enough to name an image.</summary>
    /// <param name="digest">A digest.</param>
    /// <returns>Twelve digits.</returns>
    public static string ShortDigest(string? digest)
    {
        string hex = digest?[(digest.IndexOf(':', StringComparison.Ordinal) + 1)..] ?? string.Empty;
        return hex.Length > 12 ? hex[..12] : hex;
    }

    /// <summary>Returns the end of a text that is too long for its column, because the end of a long name is its most specific part.</summary>
    /// <param name="text">The text.</param>
    /// <param name="width">The column's width.</param>
    /// <returns>The text, with at most <paramref name="width"/> characters.</returns>
    public static string? Tail(string? text, int width) => text is null || text.Length <= width ? text : "\u2026" + text[(text.Length - width + 1)..];

    /// <summary>Returns the end of a repository's name that fits the table of images.</summary>
    /// <param name="repository">The name.</param>
    /// <param name="host">The host whose screen width is used.</param>
    /// <param name="taken">The width that is taken by the name of the computer.</param>
    /// <returns>The text.</returns>
    public static string? Repository(PSObject? repository, PSHost? host = null, int taken = 0)
    {
        int room = ScreenWidth.Of(host) - taken - BesideReference;
        return Tail(EventText.Line(repository), room - (room / TagsPart));
    }

    /// <summary>Returns the end of a tag that fits the table of images.</summary>
    /// <param name="tag">The tag.</param>
    /// <param name="host">The host whose screen width is used.</param>
    /// <param name="taken">The width that is taken by the name of the computer.</param>
    /// <returns>The text.</returns>
    public static string? Tag(PSObject? tag, PSHost? host = null, int taken = 0) => Tail(EventText.Line(tag), (ScreenWidth.Of(host) - taken - BesideReference) / TagsPart);

    /// <summary>Returns the beginning of a session's name that fits the table of sessions.</summary>
    /// <param name="name">The name.</param>
    /// <param name="host">The host whose screen width is used.</param>
    /// <param name="taken">The width that is taken by the name of the computer.</param>
    /// <returns>The text.</returns>
    public static string Name(PSObject? name, PSHost? host = null, int taken = 0)
    {
        string text = EventText.Line(name);
        int room = Math.Max(ScreenWidth.Of(host) - taken - BesideName, NarrowTables.LeastOfElastic);
        return text.Length <= room ? text : text[..(room - 1)] + "\u2026";
    }

    /// <summary>Formats a size in its best unit.</summary>
    /// <param name="bytes">Bytes.</param>
    /// <returns>The text.</returns>
    public static string Size(long bytes) => FieldText.ByteSize((ulong)Math.Max(0, bytes));

    /// <summary>Returns the platforms of an image, its program's first.</summary>
    /// <param name="image">The image.</param>
    /// <returns>The lines.</returns>
    public static string Platforms(PSObject image)
    {
        string own = Text(image, "Platform");
        string others = string.Join(", ", Items(image, "Platforms").Select(platform => EventText.Line(platform)).Where(platform => platform != own));
        return Wrapped(own.Length == 0 ? others : others.Length == 0 ? own : $"{own}; also {others}", DetailsWidth);
    }

    /// <summary>Returns an image's programs, one per line with section and attach target, followed by the description.</summary>
    /// <param name="image">The image.</param>
    /// <param name="host">The host whose screen width is used.</param>
    /// <returns>The lines.</returns>
    public static string Programs(PSObject image, PSHost? host = null) => Described(Items(image, "Programs"), host, ProgramColumns, program => [Text(program, "Description")]);

    /// <summary>Returns an image's maps, one per line with kind, types and size, followed by the description.</summary>
    /// <param name="image">The image.</param>
    /// <param name="host">The host whose screen width is used.</param>
    /// <returns>The lines.</returns>
    public static string Maps(PSObject image, PSHost? host = null) => Described(
        Items(image, "Maps").Where(map => !s_ownMaps.Contains(Text(map, "Name"))),
        host,
        map => [Text(map, "Name"), Text(map, "Type"), Types(Text(map, "KeyType"), Text(map, "ValueType")), Text(map, "MaxEntries") is "0" ? string.Empty : Text(map, "MaxEntries")],
        MapLines);

    /// <summary>Returns an image's parameters, one per line with type and default, followed by the description.</summary>
    /// <param name="image">The image.</param>
    /// <param name="host">The host whose screen width is used.</param>
    /// <returns>The lines.</returns>
    public static string Parameters(PSObject image, PSHost? host = null) => Described(
        Items(image, "Parameters"),
        host,
        parameter => [Text(parameter, "Key") is { Length: > 0 } key ? key : Text(parameter, "Name"), Text(parameter, "Type"), $"= {Text(parameter, "Default")}"],
        parameter => [Text(parameter, "Description")]);

    /// <summary>Wraps a text between words. The formatter itself would break words.</summary>
    /// <param name="text">The text, or null.</param>
    /// <param name="width">The maximum width of a line. A longer word gets its own line.</param>
    /// <returns>The lines.</returns>
    public static string Wrapped(string? text, int width) => Lines(Wrap(text ?? string.Empty, width).Select(TerminalText.Show));

    /// <summary>Returns an image's annotations, one per line.</summary>
    /// <param name="image">The image.</param>
    /// <returns>The lines.</returns>
    public static string Annotations(PSObject image) => Pairs(Value(image, "Annotations"));

    /// <summary>Returns a container image's labels, one per line.</summary>
    /// <param name="image">The image.</param>
    /// <returns>The lines.</returns>
    public static string Labels(PSObject image) => Pairs(Value(image, "Labels"));

    /// <summary>Returns the source, compiler and vmlinux.h of an image's build.</summary>
    /// <param name="image">The image.</param>
    /// <returns>The lines.</returns>
    public static string Build(PSObject image) => Value(image, "Build") is not { } value ? string.Empty
        : Lines(new[] { Text(value, "Source"), Text(value, "Clang"), Text(value, "VmlinuxDigest") is { Length: > 0 } digest ? $"vmlinux.h {digest}" : string.Empty }.Where(line => line.Length > 0));

    /// <summary>Returns a session's programs, one per line with the kernel's id.</summary>
    /// <param name="session">The session.</param>
    /// <param name="host">The host whose screen width is used.</param>
    /// <returns>The lines.</returns>
    public static string LoadedPrograms(PSObject session, PSHost? host = null)
        => Lines(Columns([.. Items(session, "Programs").Select(program => new[] { Text(program, "Name"), Text(program, "SectionName"), $"id {Text(program, "Id")}" })], host).SelectMany(row => row));

    /// <summary>Returns a session's maps, one per line, without global variables.</summary>
    /// <param name="session">The session.</param>
    /// <param name="host">The host whose screen width is used.</param>
    /// <returns>The lines.</returns>
    public static string LoadedMaps(PSObject session, PSHost? host = null)
    {
        // A variable has the id of the section that contains it.
        HashSet<string> sections = [.. Items(session, "Maps").Where(map => Text(map, "Name").StartsWith('.')).Select(map => Text(map, "Id"))];
        return Lines(Columns([.. Items(session, "Maps").Where(map => !s_ownMaps.Contains(Text(map, "Name")) && !sections.Contains(Text(map, "Id"))).Select(map => new[] { Text(map, "Name"), Text(map, "Type"), $"id {Text(map, "Id")}" })], host).SelectMany(row => row));
    }

    /// <summary>Returns a check's message, followed by the remedy, wrapped at blanks. PowerShell would break words.</summary>
    /// <param name="check">The check.</param>
    /// <param name="host">The host whose screen width is used.</param>
    /// <param name="taken">The width that is taken by the name of the computer.</param>
    /// <returns>Lines that fit the table's column.</returns>
    public static string Check(PSObject check, PSHost? host = null, int taken = 0)
        => Lines(new[] { Text(check, "Message"), Text(check, "Remedy") }.Where(text => text.Length > 0).SelectMany(text => Wrap(text, ScreenWidth.Of(host) - taken - BesideMessage)));

    /// <summary>Formats a fraction as a percentage.</summary>
    /// <param name="part">The fraction, from 0 to 1, or null.</param>
    /// <returns>The text; empty for null.</returns>
    public static string Percent(double? part) => part is null ? string.Empty : (part.Value * 100).ToString("0", CultureInfo.InvariantCulture) + " %";

    /// <summary>Formats a share of a CPU in percent, small ones with two decimal places.</summary>
    /// <param name="share">The share, where 1 is a whole CPU.</param>
    public static string Share(double share) => (share * 100).ToString(share < 0.1 ? "0.##" : "0", CultureInfo.InvariantCulture) + " %";

    /// <summary>Formats a number without decimal places; empty for null.</summary>
    /// <param name="number">The number.</param>
    public static string Whole(double? number) => number?.ToString("0", CultureInfo.InvariantCulture) ?? string.Empty;

    private static string Pairs(PSObject? pairs) => Lines((pairs?.BaseObject switch
    {
        IDictionary deserialized => deserialized.Keys.Cast<object>().Select(key => ($"{key}", $"{deserialized[key]}")),
        IEnumerable<KeyValuePair<string, string>> live => live.Select(pair => (pair.Key, pair.Value)),
        _ => Enumerable.Empty<(string, string)>(),
    }).OrderBy(pair => pair.Item1, StringComparer.Ordinal).Select(pair => $"{TerminalText.Show(pair.Item1)} = {TerminalText.ShowLines(pair.Item2)}"));

    private static string[] ProgramColumns(PSObject program)
    {
        string section = Text(program, "Section") is { Length: > 0 } name ? name : Text(program, "Type");
        return Text(program, "AttachTo") is { Length: > 0 } target && section[(section.IndexOf('/', StringComparison.Ordinal) + 1)..] != target
            ? [Text(program, "Name"), section, $"attached to {target}"]
            : [Text(program, "Name"), section, string.Empty];
    }

    private static IEnumerable<string> MapLines(PSObject map)
    {
        yield return Text(map, "Unit") is { Length: > 0 } unit ? $"{Text(map, "Help")} ({unit})".TrimStart() : Text(map, "Help");
        yield return Text(map, "Kind") is { Length: > 0 } kind ? $"kind: {kind.ToLowerInvariant()}" : string.Empty;
        yield return string.Join(", ", Items(map, "Labels").Select(EventText.Line)) is { Length: > 0 } labels ? $"labels: {labels}" : string.Empty;
        foreach (PSObject field in Items(map, "Fields"))
        {
            yield return Text(field, "Description") is { Length: > 0 } description ? $"{Text(field, "Name")}: {description}" : string.Empty;
        }
    }

    private static string Types(string key, string value) => key.Length == 0 ? value : $"{key} -> {value}";

    private static PSObject? Value(PSObject item, string name) => EventText.Wrapped(item.Properties[name]?.Value);

    private static string Text(PSObject item, string name) => EventText.Line(Value(item, name));

    private static IEnumerable<PSObject> Items(PSObject item, string name) =>
        Value(item, name)?.BaseObject is IEnumerable list and not string ? list.Cast<object?>().OfType<object>().Select(PSObject.AsPSObject) : [];

    // Returns each item's columns, followed by indented lines of description.
    private static string Described(IEnumerable<PSObject> described, PSHost? host, Func<PSObject, string[]> columns, Func<PSObject, IEnumerable<string>> below)
    {
        PSObject[] items = [.. described];
        List<string>[] rows = Columns([.. items.Select(columns)], host);
        return Lines(items.SelectMany((item, i) => rows[i].Concat(below(item).Where(line => line.Length > 0).SelectMany(line => Wrap(line, Room(host) - Indent.Length)).Select(line => Indent + line))));
    }

    internal static IEnumerable<string> Wrap(string text, int width)
    {
        var line = new StringBuilder();
        foreach (string word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line.ToString();
                line.Clear();
            }

            line.Append(line.Length > 0 ? " " : "").Append(word);
        }

        yield return line.ToString();
    }

    private static int Room(PSHost? host) => ScreenWidth.Of(host) - BesideDetails;

    // Aligns columns to their widest text, with two spaces between them. Text that does not fit continues on indented lines; the formatter would break words.
    private static List<string>[] Columns(string[][] rows, PSHost? host)
    {
        int room = Room(host);
        int[] widths = rows.Length == 0 ? [] : [.. Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).Select(width => Math.Min(width, room))];
        return Array.ConvertAll(rows, row =>
        {
            List<string> lines = [string.Empty];
            for (int i = 0; i < row.Length; i++)
            {
                string line = lines[^1].Length == 0 ? string.Empty : lines[^1] + Gap;
                if (line.Length + row[i].Length <= room)
                {
                    lines[^1] = line + (i == row.Length - 1 ? row[i] : row[i].PadRight(Math.Min(widths[i], room - line.Length)));
                    continue;
                }

                lines.AddRange(Broken(row[i], room - Indent.Length).Select(part => Indent + part));
            }

            lines.RemoveAll(string.IsNullOrWhiteSpace);
            return lines.ConvertAll(line => line.TrimEnd());
        });
    }

    // Breaks after a blank or a comma, because a JSON list has no blanks.
    private static IEnumerable<string> Broken(string text, int width)
    {
        while (text.Length > width)
        {
            int end = text.AsSpan(0, width).LastIndexOfAny(' ', ',') + 1;
            end = end > 0 ? end : width;
            yield return text[..end].TrimEnd();
            text = text[end..].TrimStart();
        }

        yield return text;
    }

    private static string Lines(IEnumerable<string> lines) => string.Join(Environment.NewLine, lines);

    /// <summary>Returns the labels of a metric.</summary>
    /// <param name="labels">A dictionary, possibly deserialized.</param>
    /// <returns>Text such as <c>pid=12 comm=bash</c>.</returns>
    public static string MetricLabels(PSObject? labels) => EventText.Base(labels) is System.Collections.IDictionary all
        ? string.Join(' ', all.Keys.Cast<object>().Select(name => $"{EventText.Line(EventText.Wrapped(name))}={EventText.Line(EventText.Wrapped(all[name]))}"))
        : EventText.Line(labels);

    /// <summary>Returns the end of a metric's name, because the names of one tool have a common beginning.</summary>
    /// <param name="name">The name.</param>
    /// <param name="host">The host whose screen width is used.</param>
    /// <param name="taken">The width that is taken by the name of the computer.</param>
    /// <returns>The text that fits the column.</returns>
    public static string? MetricName(string? name, System.Management.Automation.Host.PSHost? host, int taken = 0) => Tail(name, (ScreenWidth.Of(host) - taken - MetricValueWidth - 3) / 2);

    /// <summary>Formats the value of a metric.</summary>
    /// <param name="value">The value.</param>
    /// <returns>A whole number with all its digits, or another number with six.</returns>
    public static string MetricValue(double value) => value == Math.Floor(value) && Math.Abs(value) < 1e15
        ? value.ToString("0", System.Globalization.CultureInfo.InvariantCulture)
        : value.ToString("G6", System.Globalization.CultureInfo.InvariantCulture);
}
