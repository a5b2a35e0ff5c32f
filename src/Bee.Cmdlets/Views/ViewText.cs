using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Text;
using Bee.Ebpf.Records;
using Bee.Posix;

namespace Bee.Cmdlets.Views;

/// <summary>
/// Text for the views of formats/Bee.Format.ps1xml. Objects are read by their properties, so that those that were deserialized (Import-Clixml, Receive-Job) show the same.
/// </summary>
public static class ViewText
{
    // The other columns of a table of checks, and one to spare.
    private const int BesideMessage = 28;

    // What a list leaves of 80 columns beside its labels and what is set in.
    private const int DetailsWidth = 60;

    // The longest label of a list, and what the formatter sets between it and the text.
    private const int BesideDetails = 17;

    // The columns of a table of images beside repository and tag, of which the tag has a third; those of a table of programs beside the name; and what is between them.
    private const int BesideReference = 36, TagsPart = 3, BesideName = 65;

    // As in the format file.
    private const int MetricValueWidth = 13;

    private const string Indent = "    ", Gap = "  ";

    // Counts for Bee and not for users.
    private const string OwnMap = "bee_lost";

    /// <summary>The first twelve digits of a digest, enough to name the image by.</summary>
    /// <param name="digest">A digest.</param>
    /// <returns>Twelve digits.</returns>
    public static string ShortDigest(string? digest)
    {
        string hex = digest?[(digest.IndexOf(':', StringComparison.Ordinal) + 1)..] ?? string.Empty;
        return hex.Length > 12 ? hex[..12] : hex;
    }

    /// <summary>The end of a text that is too long for its column: of a long name the end tells more.</summary>
    /// <param name="text">The text.</param>
    /// <param name="width">The column's width.</param>
    /// <returns>As many characters at most.</returns>
    public static string? Tail(string? text, int width) => text is null || text.Length <= width ? text : "\u2026" + text[(text.Length - width + 1)..];

    /// <summary>The end of a repository's name, as much as the table of images has room for.</summary>
    /// <param name="repository">The name.</param>
    /// <param name="host">The host whose screen the table must fit.</param>
    /// <returns>The text.</returns>
    public static string? Repository(PSObject? repository, PSHost? host = null)
    {
        int room = ScreenWidth.Of(host) - BesideReference;
        return Tail(EventText.Line(repository), room - (room / TagsPart));
    }

    /// <summary>The end of a tag, as much as the table of images has room for.</summary>
    /// <param name="tag">The tag.</param>
    /// <param name="host">The host whose screen the table must fit.</param>
    /// <returns>The text.</returns>
    public static string? Tag(PSObject? tag, PSHost? host = null) => Tail(EventText.Line(tag), (ScreenWidth.Of(host) - BesideReference) / TagsPart);

    /// <summary>The beginning of a background program's name, as much as their table has room for.</summary>
    /// <param name="name">The name.</param>
    /// <param name="host">The host whose screen the table must fit.</param>
    /// <returns>The text.</returns>
    public static string Name(PSObject? name, PSHost? host = null)
    {
        string text = EventText.Line(name);
        int room = Math.Max(ScreenWidth.Of(host) - BesideName, NarrowTables.LeastOfElastic);
        return text.Length <= room ? text : text[..(room - 1)] + "\u2026";
    }

    /// <summary>A size in its best unit.</summary>
    /// <param name="bytes">Bytes.</param>
    /// <returns>The text.</returns>
    public static string Size(long bytes) => FieldText.ByteSize((ulong)Math.Max(0, bytes));

    /// <summary>Returns the platforms of an image, that of its program first and the others behind it.</summary>
    /// <param name="image">The image.</param>
    /// <returns>The lines.</returns>
    public static string Platforms(PSObject image)
    {
        string own = Text(image, "Platform");
        string others = string.Join(", ", Items(image, "Platforms").Select(platform => EventText.Line(platform)).Where(platform => platform != own));
        return Wrapped(own.Length == 0 ? others : others.Length == 0 ? own : $"{own}; also {others}", DetailsWidth);
    }

    /// <summary>Returns an image's programs, one a line with its section and, where that is another, what it attaches to; below it what it does.</summary>
    /// <param name="image">The image.</param>
    /// <param name="host">The host whose screen the lines must fit.</param>
    /// <returns>The lines.</returns>
    public static string Programs(PSObject image, PSHost? host = null) => Described(Items(image, "Programs"), host, ProgramColumns, program => [Text(program, "Description")]);

    /// <summary>Returns an image's maps, one a line with kind, types and size; below it what it tells.</summary>
    /// <param name="image">The image.</param>
    /// <param name="host">The host whose screen the lines must fit.</param>
    /// <returns>The lines.</returns>
    public static string Maps(PSObject image, PSHost? host = null) => Described(
        Items(image, "Maps").Where(map => Text(map, "Name") != OwnMap),
        host,
        map => [Text(map, "Name"), Text(map, "Type"), Types(Text(map, "KeyType"), Text(map, "ValueType")), Text(map, "MaxEntries") is "0" ? string.Empty : Text(map, "MaxEntries")],
        MapLines);

    /// <summary>Returns an image's parameters, one a line with type and default; below it what it does.</summary>
    /// <param name="image">The image.</param>
    /// <param name="host">The host whose screen the lines must fit.</param>
    /// <returns>The lines.</returns>
    public static string Parameters(PSObject image, PSHost? host = null) => Described(
        Items(image, "Parameters"),
        host,
        parameter => [Text(parameter, "Key") is { Length: > 0 } key ? key : Text(parameter, "Name"), Text(parameter, "Type"), $"= {Text(parameter, "Default")}"],
        parameter => [Text(parameter, "Description")]);

    /// <summary>Returns a text broken between words; the formatter itself breaks inside of them.</summary>
    /// <param name="text">The text, or null.</param>
    /// <param name="width">How wide a line may be; a longer word stands alone.</param>
    /// <returns>The lines.</returns>
    public static string Wrapped(string? text, int width) => Lines(Wrap(text ?? string.Empty, width).Select(TerminalText.Show));

    /// <summary>Returns an image's annotations, one a line.</summary>
    /// <param name="image">The image.</param>
    /// <returns>The lines.</returns>
    public static string Annotations(PSObject image) => Pairs(Value(image, "Annotations"));

    /// <summary>Returns a container image's labels, one a line.</summary>
    /// <param name="image">The image.</param>
    /// <returns>The lines.</returns>
    public static string Labels(PSObject image) => Pairs(Value(image, "Labels"));

    /// <summary>Returns what an image was built from and with.</summary>
    /// <param name="image">The image.</param>
    /// <returns>The lines.</returns>
    public static string Build(PSObject image) => Value(image, "Build") is not { } value ? string.Empty
        : Lines(new[] { Text(value, "Source"), Text(value, "Clang"), Text(value, "VmlinuxDigest") is { Length: > 0 } digest ? $"vmlinux.h {digest}" : string.Empty }.Where(line => line.Length > 0));

    /// <summary>Returns a session's programs, one a line with the kernel's id.</summary>
    /// <param name="session">The session.</param>
    /// <param name="host">The host whose screen the lines must fit.</param>
    /// <returns>The lines.</returns>
    public static string LoadedPrograms(PSObject session, PSHost? host = null)
        => Lines(Columns([.. Items(session, "Programs").Select(program => new[] { Text(program, "Name"), Text(program, "SectionName"), $"id {Text(program, "Id")}" })], host).SelectMany(row => row));

    /// <summary>Returns a session's maps, one a line, without global variables.</summary>
    /// <param name="session">The session.</param>
    /// <param name="host">The host whose screen the lines must fit.</param>
    /// <returns>The lines.</returns>
    public static string LoadedMaps(PSObject session, PSHost? host = null)
    {
        // A variable has the id of the section that holds it.
        HashSet<string> sections = [.. Items(session, "Maps").Where(map => Text(map, "Name").StartsWith('.')).Select(map => Text(map, "Id"))];
        return Lines(Columns([.. Items(session, "Maps").Where(map => Text(map, "Name") != OwnMap && !sections.Contains(Text(map, "Id"))).Select(map => new[] { Text(map, "Name"), Text(map, "Type"), $"id {Text(map, "Id")}" })], host).SelectMany(row => row));
    }

    /// <summary>Returns a check's message, and below it what to do, broken into lines at blanks: PowerShell would break them anywhere.</summary>
    /// <param name="check">The check.</param>
    /// <param name="host">The host whose screen the table must fit.</param>
    /// <returns>Lines as wide as the table's column.</returns>
    public static string Check(PSObject check, PSHost? host = null)
        => Lines(new[] { Text(check, "Message"), Text(check, "Remedy") }.Where(text => text.Length > 0).SelectMany(text => Wrap(text, ScreenWidth.Of(host) - BesideMessage)));

    /// <summary>Returns a part of a whole as a percentage.</summary>
    /// <param name="part">From 0 to 1, or null.</param>
    /// <returns>The text; empty for null.</returns>
    public static string Percent(double? part) => part is null ? string.Empty : (part.Value * 100).ToString("0", CultureInfo.InvariantCulture) + " %";

    /// <summary>A share of a CPU in percent, small ones with two digits behind the point.</summary>
    /// <param name="share">The share, 1 for a whole CPU.</param>
    public static string Share(double share) => (share * 100).ToString(share < 0.1 ? "0.##" : "0", CultureInfo.InvariantCulture) + " %";

    /// <summary>A number without its fraction, or nothing.</summary>
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
        string section = Text(program, "Section") is { Length: > 0 } said ? said : Text(program, "Type");
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

    // Each item's columns, and below them what is said about it, set in.
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

    // Columns as wide as what is in them, two spaces between, nothing behind the last. What does not fit goes on in further lines, set in: the formatter would break it anywhere.
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

    // Behind a blank or a comma; a list as JSON has no blanks.
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
    /// <param name="labels">A dictionary, also one that was deserialized.</param>
    /// <returns>Text such as <c>pid=12 comm=bash</c>.</returns>
    public static string MetricLabels(PSObject? labels) => EventText.Base(labels) is System.Collections.IDictionary all
        ? string.Join(' ', all.Keys.Cast<object>().Select(name => $"{EventText.Line(EventText.Wrapped(name))}={EventText.Line(EventText.Wrapped(all[name]))}"))
        : EventText.Line(labels);

    /// <summary>Returns the end of a metric's name: names of one tool begin alike.</summary>
    /// <param name="name">The name.</param>
    /// <param name="host">The host, for the width of its screen.</param>
    /// <returns>As much as the column has room for.</returns>
    public static string? MetricName(string? name, System.Management.Automation.Host.PSHost? host) => Tail(name, (ScreenWidth.Of(host) - MetricValueWidth - 3) / 2);

    /// <summary>Returns the value of a metric.</summary>
    /// <param name="value">The value.</param>
    /// <returns>A whole number with all its digits, another one with six.</returns>
    public static string MetricValue(double value) => value == Math.Floor(value) && Math.Abs(value) < 1e15
        ? value.ToString("0", System.Globalization.CultureInfo.InvariantCulture)
        : value.ToString("G6", System.Globalization.CultureInfo.InvariantCulture);
}
