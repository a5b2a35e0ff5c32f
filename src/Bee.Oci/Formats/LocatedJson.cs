using System.Text;
using System.Text.Json;
using Bee.Posix;
using Microsoft.Win32.SafeHandles;

namespace Bee.Oci.Formats;

/// <summary>JSON with the line and column of each part, for errors in hand-written files. Strict: no comments, no duplicate names.</summary>
internal sealed class LocatedJson
{
    private const int Depth = 16;

    private readonly string _path;

    private LocatedJson(string path, JsonTokenType kind, int line, int column) => (_path, Kind, Line, Column) = (path, kind, line, column);

    /// <summary>The kind: the start of an object or an array, or a value.</summary>
    public JsonTokenType Kind { get; }

    /// <summary>Line, from 1.</summary>
    public int Line { get; }

    /// <summary>Column in characters, from 1.</summary>
    public int Column { get; }

    /// <summary>The text of a string, or of a name.</summary>
    public string Value { get; private init; } = "";

    /// <summary>The members of an object, in order: the name, with its position, and the value.</summary>
    public IReadOnlyList<(LocatedJson Name, LocatedJson Value)> Members { get; private init; } = [];

    /// <summary>The items of an array.</summary>
    public IReadOnlyList<LocatedJson> Items { get; private init; } = [];

    /// <summary>Reads a whole document.</summary>
    /// <param name="path">The file, for errors.</param>
    /// <param name="content">The bytes.</param>
    /// <exception cref="SettingsException">The document is not valid JSON.</exception>
    public static LocatedJson Parse(string path, ReadOnlySpan<byte> content)
    {
        ReadOnlySpan<byte> text = content.StartsWith(Encoding.UTF8.Preamble) ? content[Encoding.UTF8.Preamble.Length..] : content;
        var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = Depth });
        try
        {
            reader.Read();
            LocatedJson whole = Read(path, text, ref reader);
            reader.Read();
            return whole;
        }
        catch (JsonException e)
        {
            throw new SettingsException(
                path, (int)(e.LineNumber ?? 0) + 1, (int)(e.BytePositionInLine ?? 0) + 1, $"The file is not valid JSON: {(text.Trim(" \t\r\n"u8).IsEmpty ? "the file is empty." : Words(e))}", e);
        }
        catch (InvalidOperationException e)
        {
            // The reader throws this for a lone surrogate.
            throw new SettingsException(path, 0, 0, $"The file contains text that is not valid Unicode: {e.Message}", e);
        }
    }

    // Leaves out the parts of the reader's message for programmers: the position and the reader's options.
    private static string Words(JsonException error)
    {
        string[] beginnings = [" LineNumber:", " which is not supported in this mode", " Change the reader options"];
        int end = beginnings.Select(beginning => error.Message.IndexOf(beginning, StringComparison.Ordinal)).Where(place => place > 0).DefaultIfEmpty(error.Message.Length).Min();
        return error.Message[..end].TrimEnd('.') + ".";
    }

    /// <summary>Returns the error for this position.</summary>
    public SettingsException Wrong(string problem, Exception? inner = null) => new(_path, Line, Column, problem, inner);

    /// <summary>Returns the members of an object by name; throws for an unknown name.</summary>
    /// <param name="what">The object, for the error.</param>
    /// <param name="known">The known names.</param>
    public IReadOnlyDictionary<string, LocatedJson> Object(string what, params string[] known)
    {
        Require(JsonTokenType.StartObject, what, "an object, { … }");
        foreach ((LocatedJson name, _) in Members)
        {
            if (!known.Contains(name.Value))
            {
                throw name.Wrong($"'{TerminalText.Clean(Redaction.WithoutLogin(name.Value))}' is unknown in {what}. Known names: {string.Join(", ", known)}.");
            }
        }

        return Members.ToDictionary(member => member.Name.Value, member => member.Value);
    }

    /// <summary>Returns the items of an array.</summary>
    public IReadOnlyList<LocatedJson> Array(string what) => Require(JsonTokenType.StartArray, what, "an array, [ … ]").Items;

    /// <summary>Returns a string that is not empty.</summary>
    public string Text(string what) => Require(JsonTokenType.String, what, "text in quotes").Value is { Length: > 0 } text ? text : throw Wrong($"{what} is empty.");

    /// <summary>Returns this value as a Boolean; throws if it has another type.</summary>
    public bool Flag(string what) => Kind is JsonTokenType.True or JsonTokenType.False ? Kind == JsonTokenType.True : throw Wrong($"{what} must be true or false.");

    /// <summary>Returns this value if it is of a kind; throws otherwise.</summary>
    public LocatedJson Require(JsonTokenType kind, string what, string wanted) => Kind == kind ? this : throw Wrong($"{what} must be {wanted}.");

    private static LocatedJson Read(string path, ReadOnlySpan<byte> text, ref Utf8JsonReader reader)
    {
        (int line, int column) = Place(text[..(int)reader.TokenStartIndex]);
        JsonTokenType kind = reader.TokenType;
        switch (kind)
        {
            case JsonTokenType.StartObject:
                var members = new List<(LocatedJson, LocatedJson)>();
                var names = new HashSet<string>();
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    (int nameLine, int nameColumn) = Place(text[..(int)reader.TokenStartIndex]);
                    var name = new LocatedJson(path, JsonTokenType.PropertyName, nameLine, nameColumn) { Value = reader.GetString()! };
                    if (!names.Add(name.Value))
                    {
                        throw name.Wrong($"'{TerminalText.Clean(Redaction.WithoutLogin(name.Value))}' occurs twice in this object.");
                    }

                    reader.Read();
                    members.Add((name, Read(path, text, ref reader)));
                }

                return new LocatedJson(path, kind, line, column) { Members = members };
            case JsonTokenType.StartArray:
                var items = new List<LocatedJson>();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    items.Add(Read(path, text, ref reader));
                }

                return new LocatedJson(path, kind, line, column) { Items = items };
            default:
                return new LocatedJson(path, kind, line, column) { Value = kind == JsonTokenType.String ? reader.GetString()! : "" };
        }
    }

    private static (int Line, int Column) Place(ReadOnlySpan<byte> before) =>
        (before.Count((byte)'\n') + 1, Encoding.UTF8.GetCharCount(before[(before.LastIndexOf((byte)'\n') + 1)..]) + 1);
}

/// <summary>A file with settings or a policy is invalid. No part of it is used.</summary>
internal sealed class SettingsException : BeeException
{
    /// <summary>Creates an exception.</summary>
    /// <param name="path">The file, or the environment variable.</param>
    /// <param name="line">The line, from 1; 0 for none.</param>
    /// <param name="column">The column in characters, from 1; 0 for none.</param>
    /// <param name="problem">The problem, as a sentence.</param>
    /// <param name="inner">The cause.</param>
    public SettingsException(string path, int line, int column, string problem, Exception? inner = null)
        : base("BadSettings", line > 0 ? $"{path}:{line}:{column}: {problem}" : $"{path}: {problem}", inner: inner) => (Path, Line, Column) = (path, line, column);

    /// <summary>The file, or the environment variable.</summary>
    public string Path { get; }

    /// <summary>The line, from 1; 0 for none.</summary>
    public int Line { get; }

    /// <summary>The column in characters, from 1; 0 for none.</summary>
    public int Column { get; }
}

/// <summary>Reads files that decide which images may run. Only root and this user (under sudo also the invoking user) may be able to write them.</summary>
internal static class TrustedFile
{
    private const int Largest = 1 << 20;

    /// <summary>Reads a file; returns null if it does not exist.</summary>
    /// <param name="path">An absolute path.</param>
    /// <exception cref="SettingsException">The file cannot be read, or is writable by other users.</exception>
    public static byte[]? Read(string path)
    {
        try
        {
            using SafeFileHandle? file = PathGuard.OwnOrInvoking.OpenFile(path);
            return file is not null ? RegularFile.ReadAllBytes(file, path, Largest)
                : BrokenLink(path) is { } link ? throw new SettingsException(path, 0, 0, $"The link '{link}' leads to a file that does not exist. Create the file, or remove the link.")
                : null;
        }
        catch (UntrustedPathException e)
        {
            throw new SettingsException(path, 0, 0, Describe(e), e);
        }
        catch (NotRegularFileException e)
        {
            throw new SettingsException(path, 0, 0, e.Message, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException(path, 0, 0, $"The file cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Returns a broken symbolic link in the path; null if none is broken. Behind a link, a missing file is an error: the link shows that the file should exist.</summary>
    private static string? BrokenLink(string path)
    {
        for (string? place = path; place is not null; place = Path.GetDirectoryName(place))
        {
            if (FileStatus.Of(place, followLink: false) is not null)
            {
                return FileStatus.Of(place) is null ? place : null;
            }
        }

        return null;
    }

    private static string Describe(UntrustedPathException e) => e.Reason == UntrustedReason.Owner
        ? $"User {e.Status.User} owns '{e.Place}' and could change which images may run. Change its owner to root or to yourself."
        : $"Users other than the owner can write '{e.Place}' (mode {e.Status.Permissions}) and could change which images may run. Run: chmod go-w {e.Place}";
}
