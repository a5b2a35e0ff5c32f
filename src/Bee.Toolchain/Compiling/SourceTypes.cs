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
/// <param name="Name">The C spelling: <c>struct event</c>, or the name of a typedef.</param>
/// <param name="Size">The size in bytes.</param>
internal sealed record SourceType(string Name, uint Size);

/// <summary>
/// Asks clang about types after the last line of a source, and makes it keep them in BTF, which otherwise contains only types that a map, a global or a function
/// refers to. clang reads the source with extra lines of Bee's at its end (a virtual file system overlay), so the source's name, lines,
/// programs and maps stay the same.
/// </summary>
/// <param name="clang">The path of clang.</param>
/// <param name="source">The full path of the source.</param>
/// <param name="flags">The flags of its compilation.</param>
/// <param name="work">A folder for temporary files of this source.</param>
internal sealed partial class SourceTypes(string clang, string source, CompilerFlags flags, string work)
{
    // The source may end with a #line directive, so the extra lines get a name of their own.
    private const string TailName = "bee-record-types";

    /// <summary>Returns the sizes of the given types, if the source defines or includes them.</summary>
    /// <param name="spellings">The types in C spelling.</param>
    /// <param name="cancellationToken">Kills clang when cancelled.</param>
    /// <returns>The sizes by spelling; empty if the source does not compile.</returns>
    internal IReadOnlyDictionary<string, uint> Sizes(IReadOnlyList<string> spellings, CancellationToken cancellationToken)
    {
        var sizes = new Dictionary<string, uint>(StringComparer.Ordinal);
        if (spellings.Count == 0)
        {
            return sizes;
        }

        // One line per type. If a variable is declared with two types, clang's error names both, with the array's length, which is the size.
        var tail = string.Concat(spellings.Select((spelling, i) => $"extern char bee_size_{i}[sizeof({spelling})]; extern int bee_size_{i};\n"));
        tail = $"#line 1 \"{TailName}\"\n{tail}extern int bee_end;\n";
        var errors = Errors(tail, [], cancellationToken);
        errors = errors.Any(KernelHeader.DeclaresOtherwise) ? Errors(tail, ["-D" + KernelHeader.NoFunctions], cancellationToken) : errors;
        // An error on the last line means that the source itself is incomplete, such as an open brace.
        if (errors.Any(error => Path.GetFileName(error.File) != TailName || error.Line > spellings.Count))
        {
            return sizes;
        }

        foreach (var line in errors.GroupBy(error => error.Line))
        {
            // Another error on a line means that its type does not exist or has another tag.
            if (line.Select(error => ArrayLength().Match(error.Message)).ToArray() is [{ Success: true } match] && uint.TryParse(match.Groups[1].ValueSpan, out var size))
            {
                sizes[spellings[line.Key - 1]] = size;
            }
        }

        return sizes;
    }

    /// <summary>Returns arguments that make clang keep the types of records in BTF, each marked with its buffer or iterator; empty if the source defines none of them.</summary>
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
