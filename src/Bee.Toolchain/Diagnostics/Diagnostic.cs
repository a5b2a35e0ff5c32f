namespace Bee.Toolchain.Diagnostics;

/// <summary>How bad a <see cref="Diagnostic"/> is.</summary>
public enum DiagnosticSeverity
{
    /// <summary>Explains another diagnostic.</summary>
    Note,

    /// <summary>What the compiler did, such as an optimisation it could not make.</summary>
    Remark,

    /// <summary>Probably a mistake; an object is made all the same.</summary>
    Warning,

    /// <summary>No object is made.</summary>
    Error,
}

/// <summary>One thing the compiler had to say about the source.</summary>
public sealed record Diagnostic
{
    /// <summary>How bad it is.</summary>
    public required DiagnosticSeverity Severity { get; init; }

    /// <summary>Full path of the file; null when it is about none, such as an unknown flag.</summary>
    public string? File { get; init; }

    /// <summary>Line, from 1; 0 without a file.</summary>
    public int Line { get; init; }

    /// <summary>Column in bytes, from 1; 0 when not known.</summary>
    public int Column { get; init; }

    /// <summary>clang's message, without the flag at its end.</summary>
    public required string Message { get; init; }

    /// <summary>The flag that turned it on, such as <c>-Wunused-variable</c>; null for errors of the language.</summary>
    public string? Option { get; init; }

    /// <summary>What a person can do: the package of a missing header, or clang's own correction. Null when nothing is known.</summary>
    public string? Remedy { get; init; }

    /// <summary>The notes that clang gave with it.</summary>
    public IReadOnlyList<Diagnostic> Notes { get; init; } = [];

    /// <summary>How the file came in, innermost include first, each <c>file:line</c>; empty for the source itself.</summary>
    public IReadOnlyList<string> IncludedFrom { get; init; } = [];

    /// <summary>As compilers write it: <c>file:line:column: error: message</c>.</summary>
    public override string ToString()
    {
        var place = File is null ? "" : Column > 0 ? $"{File}:{Line}:{Column}: " : $"{File}:{Line}: ";
        return $"{place}{Severity.ToString().ToLowerInvariant()}: {Message}";
    }
}
