using System.Globalization;
using System.Text;
using Bee.Ebpf;
using Bee.Oci;

namespace Bee.Cmdlets;

/// <summary>Text for the views of formats/Bee.Format.ps1xml.</summary>
public static class ViewText
{
    // What a list leaves of 80 columns beside its labels and what is set in.
    private const int DetailsWidth = 60;

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

    /// <summary>A size in its best unit.</summary>
    /// <param name="bytes">Bytes.</param>
    /// <returns>The text.</returns>
    public static string Size(long bytes) => FieldText.ByteSize((ulong)Math.Max(0, bytes));

    /// <summary>The platforms of an image, that of its program first and the others behind it.</summary>
    /// <param name="image">The image.</param>
    /// <returns>The lines.</returns>
    public static string Platforms(Image image)
    {
        string others = string.Join(", ", image.Platforms.Where(platform => platform != image.Platform));
        string text = image.Platform is null ? others : others.Length == 0 ? $"{image.Platform}" : $"{image.Platform}; also {others}";
        return Wrapped(text, DetailsWidth);
    }

    /// <summary>An image's programs, one a line with its section and, where that is another, what it attaches to; below it what it does.</summary>
    /// <param name="image">The image.</param>
    /// <returns>The lines.</returns>
    public static string Programs(Image image) => Described(image.Programs, ProgramColumns, program => [program.Description]);

    /// <summary>An image's maps, one a line with kind, types and size; below it what it tells.</summary>
    /// <param name="image">The image.</param>
    /// <returns>The lines.</returns>
    public static string Maps(Image image) => Described(
        image.Maps,
        map => [map.Name, map.Type ?? string.Empty, Types(map.KeyType, map.ValueType), map.MaxEntries == 0 ? string.Empty : map.MaxEntries.ToString(CultureInfo.InvariantCulture)],
        MapLines);

    /// <summary>An image's parameters, one a line with type and default; below it what it does.</summary>
    /// <param name="image">The image.</param>
    /// <returns>The lines.</returns>
    public static string Parameters(Image image) => Described(
        image.Parameters, parameter => [parameter.Key ?? parameter.Name, parameter.Type ?? string.Empty, $"= {parameter.Default}"], parameter => [parameter.Description]);

    /// <summary>A text broken between words; the formatter itself breaks inside of them.</summary>
    /// <param name="text">The text, or null.</param>
    /// <param name="width">How wide a line may be; a longer word stands alone.</param>
    /// <returns>The lines.</returns>
    public static string Wrapped(string? text, int width) => Lines(Wrap(text ?? string.Empty, width));

    /// <summary>An image's annotations, one a line.</summary>
    /// <param name="image">The image.</param>
    /// <returns>The lines.</returns>
    public static string Annotations(Image image)
        => Lines(image.Annotations.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key} = {pair.Value}"));

    /// <summary>A container image's labels, one a line.</summary>
    /// <param name="image">The image.</param>
    /// <returns>The lines.</returns>
    public static string Labels(Image image) => Lines(image.Labels.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key} = {pair.Value}"));

    /// <summary>What an image was built from and with.</summary>
    /// <param name="image">The image.</param>
    /// <returns>The lines.</returns>
    public static string Build(Image image)
        => image.Build is not { } build ? string.Empty : Lines(new[] { build.Source, build.Clang, build.VmlinuxDigest is null ? null : $"vmlinux.h {build.VmlinuxDigest}" }
            .Where(line => line is not null)!);

    /// <summary>A background program's programs, one a line with the kernel's id.</summary>
    /// <param name="session">The background program.</param>
    /// <returns>The lines.</returns>
    public static string LoadedPrograms(BpfProgramSession session)
        => Columns(session.Programs.Select(program => new[] { program.Name, program.Description.SectionName, $"id {program.Id}" }));

    /// <summary>A background program's maps, one a line.</summary>
    /// <param name="session">The background program.</param>
    /// <returns>The lines.</returns>
    public static string LoadedMaps(BpfProgramSession session)
        => Columns(session.Maps.Where(map => !map.Map.Description.IsInternal).Select(map => new[] { map.Name, map.Type.ToString(), $"id {map.Id}" }));

    /// <summary>A check's message, and below it what to do, broken into lines at blanks: PowerShell would break them anywhere.</summary>
    /// <param name="check">The check.</param>
    /// <returns>Lines as wide as the table's column.</returns>
    public static string Check(CheckResult check)
        => Lines(new[] { check.Message, check.Remedy }.Where(text => !string.IsNullOrEmpty(text)).SelectMany(text => Wrap(text!, 52)));

    /// <summary>A part of a whole as a percentage.</summary>
    /// <param name="part">From 0 to 1, or null.</param>
    /// <returns>The text; empty for null.</returns>
    public static string Percent(double? part) => part is null ? string.Empty : (part.Value * 100).ToString("0", CultureInfo.InvariantCulture) + " %";

    private static string[] ProgramColumns(ImageProgram program)
    {
        string section = program.Section ?? program.Type ?? string.Empty;
        return program.AttachTo is { Length: > 0 } target && section[(section.IndexOf('/', StringComparison.Ordinal) + 1)..] != target
            ? [program.Name, section, $"attached to {target}"]
            : [program.Name, section, string.Empty];
    }

    private static IEnumerable<string?> MapLines(ImageMap map)
    {
        yield return map.Unit is null ? map.Help : $"{map.Help} ({map.Unit})".TrimStart();
        yield return map.Kind is null ? null : $"kind: {map.Kind.ToLowerInvariant()}";
        yield return map.Labels is { Count: > 0 } labels ? $"labels: {string.Join(", ", labels)}" : null;
        foreach (ImageField field in map.Fields ?? [])
        {
            yield return field.Description is null ? null : $"{field.Name}: {field.Description}";
        }
    }

    private static string Types(string? key, string? value) => key is null ? value ?? string.Empty : $"{key} -> {value}";

    // Each item's columns, and below them what is said about it, set in.
    private static string Described<T>(IReadOnlyList<T> items, Func<T, string[]> columns, Func<T, IEnumerable<string?>> below)
    {
        string[] rows = Columns(items.Select(columns)).Split(Environment.NewLine);
        return Lines(items.SelectMany((item, i) => below(item).Where(line => !string.IsNullOrEmpty(line)).SelectMany(line => Wrap(line!, 60)).Select(line => "    " + line).Prepend(rows[i])));
    }

    private static IEnumerable<string> Wrap(string text, int width)
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

    // Columns as wide as what is in them, two spaces between, nothing behind the last.
    private static string Columns(IEnumerable<string[]> rows)
    {
        string[][] all = [.. rows];
        if (all.Length == 0)
        {
            return string.Empty;
        }

        int[] widths = [.. Enumerable.Range(0, all[0].Length).Select(column => all.Max(row => row[column].Length))];
        return Lines(all.Select(row => string.Join("  ", row.Select((text, column) => text.PadRight(widths[column]))).TrimEnd()));
    }

    private static string Lines(IEnumerable<string> lines) => string.Join(Environment.NewLine, lines);
}
