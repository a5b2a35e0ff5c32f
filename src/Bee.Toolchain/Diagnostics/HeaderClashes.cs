namespace Bee.Toolchain.Diagnostics;

/// <summary>Combines the errors from including system headers with vmlinux.h, which define the same types, into one error at the include.</summary>
internal static class HeaderClashes
{
    private const string Vmlinux = "vmlinux.h", IncludeFolder = "/include/";

    /// <summary>Returns the diagnostics with one error for all header clashes.</summary>
    /// <param name="diagnostics">The diagnostics of clang.</param>
    /// <param name="authors">The folders of the author's headers. All other headers are the system's or Bee's.</param>
    internal static IReadOnlyList<Diagnostic> Fold(IReadOnlyList<Diagnostic> diagnostics, IReadOnlyList<string> authors)
    {
        bool IsAuthors(string file) => authors.Any(folder => file.StartsWith(folder.TrimEnd('/') + '/', StringComparison.Ordinal));
        bool IsSystem(string? file) => file is not null && !IsVmlinux(file) && !IsAuthors(file);
        bool IsClash(Diagnostic item) => item is { Severity: DiagnosticSeverity.Error, IncludedFrom.Count: > 0 }
            && (IsSystem(item.File) ? item.Notes.Any(note => IsVmlinux(note.File)) : IsVmlinux(item.File) && item.Notes.Any(note => IsSystem(note.File)));

        Diagnostic[] clashes = [.. diagnostics.Where(IsClash)];
        if (clashes.Length == 0)
        {
            return diagnostics;
        }

        string[] headers = [.. clashes.Select(item => Shown(Header(item))).Distinct()];
        var (at, line) = Split(clashes[0].IncludedFrom[Include(clashes[0])]);
        var one = new Diagnostic
        {
            Severity = DiagnosticSeverity.Error,
            File = at,
            Line = line,
            Message = $"{string.Join(" and ", headers)} cannot be included together with vmlinux.h: both define the kernel's types.",
            Remedy = "Remove the include: vmlinux.h, which bee.h includes, contains the types. Define the macros that the program uses: vmlinux.h contains none.",
        };
        // Other errors in system headers, and the limit on errors, result from the clash.
        return [one, .. diagnostics.Where(item => item.Severity != DiagnosticSeverity.Error || item.File is { } file && IsAuthors(file))];

        // The innermost include in the author's files.
        int Include(Diagnostic item) => item.IncludedFrom.ToList().FindIndex(place => IsAuthors(Split(place).File)) is >= 0 and var index ? index : item.IncludedFrom.Count - 1;

        // The included header; if that is vmlinux.h, the one that defined the type before.
        string Header(Diagnostic item) => IsSystem(item.File)
            ? Include(item) is > 0 and var index ? Split(item.IncludedFrom[index - 1]).File : item.File!
            : item.Notes.First(note => IsSystem(note.File)).File!;
    }

    private static string Shown(string file) => file.LastIndexOf(IncludeFolder, StringComparison.Ordinal) is >= 0 and var folder ? $"<{file[(folder + IncludeFolder.Length)..]}>" : file;

    private static (string File, int Line) Split(string place)
    {
        var colon = place.LastIndexOf(':');
        return (place[..colon], int.Parse(place.AsSpan(colon + 1), provider: null));
    }

    private static bool IsVmlinux(string? file) => Path.GetFileName(file) == Vmlinux;
}
