using System.Text.RegularExpressions;
using Bee.Ebpf.Objects;

namespace Bee.Toolchain;

/// <summary>Links the objects of one program's sources; what does not fit is a diagnostic of the source that it came from.</summary>
internal static partial class ObjectLinking
{
    /// <summary>Links.</summary>
    /// <param name="sources">Full paths of the C files.</param>
    /// <param name="objects">Their objects, in the same order.</param>
    /// <param name="made">Where the result goes.</param>
    /// <returns>Nothing, or one error.</returns>
    internal static IReadOnlyList<Diagnostic> Link(IReadOnlyList<string> sources, IReadOnlyList<string> objects, string made)
    {
        try
        {
            ObjectLinker.Link(objects, made);
            return [];
        }
        catch (ObjectLinkException fault)
        {
            var at = fault.File is null ? -1 : objects.ToList().IndexOf(fault.File);
            var conflict = Conflict().Match(fault.Message);
            return
            [
                new Diagnostic
                {
                    Severity = DiagnosticSeverity.Error,
                    File = at < 0 ? null : sources[at],
                    Line = at < 0 ? 0 : 1,
                    Message = conflict.Success
                        ? $"'{conflict.Groups[1].Value}' is defined in another source of this program too."
                        : $"this does not link with the program's other sources: {fault.Message}",
                    Remedy = conflict.Success ? "Define it in one of them, declare it extern in the others, or make it static." : null,
                },
            ];
        }
    }

    [GeneratedRegex(@"conflicting non-weak symbol #\d+ \((.+?)\) definition")]
    private static partial Regex Conflict();
}
