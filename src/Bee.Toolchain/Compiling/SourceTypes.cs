using System.Text;
using System.Text.RegularExpressions;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Posix;
using Bee.Toolchain.Diagnostics;
using Bee.Toolchain.Tools;
using Bee.Toolchain.Vmlinux;

namespace Bee.Toolchain.Compiling;

/// <summary>A struct, union or typedef that a source defines.</summary>
/// <param name="Name">As C spells it: <c>struct event</c>, or the name of a typedef.</param>
/// <param name="Size">How many bytes it has.</param>
internal sealed record SourceType(string Name, uint Size);

/// <summary>
/// Asks clang about types behind the last line of a source, and makes it keep them in BTF, where it writes only types that a map, a global or a function
/// refers to. clang sees the source with lines of Bee's behind it (an overlay of the file system), so nothing before them changes: not the
/// source's name and lines, nor its programs and maps.
/// </summary>
/// <param name="clang">Path of clang.</param>
/// <param name="source">Full path of the source.</param>
/// <param name="flags">The flags of its compilation.</param>
/// <param name="work">A folder for files of the compiler, which is used for this source alone.</param>
internal sealed partial class SourceTypes(string clang, string source, CompilerFlags flags, string work)
{
    // The source may have ended under another name and number of line.
    private const string TailName = "bee-record-types";

    /// <summary>Returns the sizes of those types that the source defines, or includes.</summary>
    /// <param name="spellings">The types as C spells them.</param>
    /// <param name="cancellationToken">Kills clang when cancelled.</param>
    /// <returns>The sizes by spelling; empty where the source does not compile.</returns>
    internal IReadOnlyDictionary<string, uint> Sizes(IReadOnlyList<string> spellings, CancellationToken cancellationToken)
    {
        var sizes = new Dictionary<string, uint>(StringComparer.Ordinal);
        if (spellings.Count == 0)
        {
            return sizes;
        }

        // One line for each: clang says of a variable that is declared with two types what these are, with the length of an array.
        var tail = string.Concat(spellings.Select((spelling, i) => $"extern char bee_size_{i}[sizeof({spelling})]; extern int bee_size_{i};\n"));
        tail = $"#line 1 \"{TailName}\"\n{tail}extern int bee_end;\n";
        var errors = Errors(tail, [], cancellationToken);
        errors = errors.Any(KernelHeader.DeclaresOtherwise) ? Errors(tail, ["-D" + KernelHeader.NoFunctions], cancellationToken) : errors;
        // An error on the very last line is one of the source too, which has an open brace.
        if (errors.Any(error => Path.GetFileName(error.File) != TailName || error.Line > spellings.Count))
        {
            return sizes;
        }

        foreach (var line in errors.GroupBy(error => error.Line))
        {
            // A line with another error names a type that does not exist, or has another tag.
            if (line.Select(error => ArrayLength().Match(error.Message)).ToArray() is [{ Success: true } match] && uint.TryParse(match.Groups[1].ValueSpan, out var size))
            {
                sizes[spellings[line.Key - 1]] = size;
            }
        }

        return sizes;
    }

    /// <summary>Returns arguments that make clang keep the types of records in BTF, each marked with whose they are; none where the source defines none of them.</summary>
    /// <param name="types">The types by the name of the buffer or iterator.</param>
    /// <param name="cancellationToken">Kills clang when cancelled.</param>
    internal IReadOnlyList<string> Keep(IReadOnlyDictionary<string, string> types, CancellationToken cancellationToken)
    {
        var wanted = types.Where(type => RecordTypeName.IsIdentifier(type.Key) && RecordTypeName.Fault(type.Value) is null).OrderBy(type => type.Key, StringComparer.Ordinal).ToList();
        var sizes = Sizes([.. wanted.SelectMany(type => RecordTypeName.Spellings(type.Value)).Distinct()], cancellationToken);
        var marks = string.Concat(
            from type in wanted
            let spelling = RecordTypeName.Spellings(type.Value).FirstOrDefault(sizes.ContainsKey)
            where spelling is not null
            select $"static __attribute__((used)) void {RecordTypes.Mark}{type.Key}({spelling} *record) {{ }}\n");
        return marks.Length == 0 ? [] : Overlay(marks);
    }

    private Diagnostic[] Errors(string tail, IReadOnlyList<string> further, CancellationToken cancellationToken)
    {
        var folder = Path.GetDirectoryName(source)!;
        string[] arguments = [.. flags.Stable, .. flags.Places, .. Compiler.MessageFlags, .. further, .. Overlay(tail), "-fsyntax-only", "-ferror-limit=0", "-x", "c", Compiler.Argument(source)];
        return [.. DiagnosticParser.Parse(ToolProcess.Run(clang, arguments, folder, cancellationToken).Error, folder).Where(item => item.Severity == DiagnosticSeverity.Error)];
    }

    private string[] Overlay(string tail)
    {
        var text = Path.Combine(work, "source");
        var overlay = Path.Combine(work, "overlay");
        AtomicFile.Write(text, [.. RegularFile.ReadAllBytes(source), .. Encoding.UTF8.GetBytes($"\n#pragma clang diagnostic ignored \"-Weverything\"\n{tail}")]);
        AtomicFile.Write(overlay, Encoding.UTF8.GetBytes($$"""{ "version": 0, "use-external-names": false, "roots": [{ "type": "file", "name": {{Quoted(source)}}, "external-contents": {{Quoted(text)}} }] }"""));
        return ["-ivfsoverlay", overlay];
    }

    // YAML's double quotes.
    private static string Quoted(string path) => $"\"{path.Replace("\\", "\\\\").Replace("\"", "\\\"")}\"";

    [GeneratedRegex(@"'char ?\[(\d+)\]'")]
    private static partial Regex ArrayLength();
}
