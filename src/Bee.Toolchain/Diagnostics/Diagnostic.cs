namespace Bee.Toolchain.Diagnostics;

/// <summary>The severity of a <see cref="Diagnostic"/>.</summary>
public enum DiagnosticSeverity
{
    /// <summary>Explains another diagnostic.</summary>
    Note,

    /// <summary>A report about the compilation, such as a missed optimization.</summary>
    Remark,

    /// <summary>A probable mistake; the compiler still produces an object.</summary>
    Warning,

    /// <summary>The compiler produces no object.</summary>
    Error,
}

/// <summary>A message of the compiler about a source.</summary>
public sealed record Diagnostic
{
    /// <summary>The severity.</summary>
    public required DiagnosticSeverity Severity { get; init; }

    /// <summary>The full path of the file; null if the message concerns none, such as an unknown flag.</summary>
    public string? File { get; init; }

    /// <summary>The line, from 1; 0 without a file.</summary>
    public int Line { get; init; }

    /// <summary>The column in bytes, from 1; 0 if unknown.</summary>
    public int Column { get; init; }

    /// <summary>clang's message, without the flag at its end.</summary>
    public required string Message { get; init; }

    /// <summary>The flag that enabled the warning, such as <c>-Wunused-variable</c>; null for errors of the language.</summary>
    public string? Option { get; init; }

    /// <summary>What to do: the package of a missing header, or clang's own correction. Null if unknown.</summary>
    public string? Remedy { get; init; }

    /// <summary>The notes that explain the message.</summary>
    public IReadOnlyList<Diagnostic> Notes { get; init; } = [];

    /// <summary>The chain of includes that leads to the file, innermost first, each <c>file:line</c>; empty for the source itself.</summary>
    public IReadOnlyList<string> IncludedFrom { get; init; } = [];

    /// <summary>Returns the message in the format of compilers: <c>file:line:column: error: message</c>.</summary>
    public override string ToString()
    {
        var place = File is null ? "" : Column > 0 ? $"{File}:{Line}:{Column}: " : $"{File}:{Line}: ";
        return $"{place}{Severity.ToString().ToLowerInvariant()}: {Message}";
    }
}
