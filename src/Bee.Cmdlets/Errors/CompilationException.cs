using Bee.Posix;
using Bee.Toolchain.Diagnostics;

namespace Bee.Cmdlets.Errors;

/// <summary>clang made no object of a source file, or had something to say about it.</summary>
public sealed class CompilationException : BeeException
{
    /// <summary>Creates the exception for one diagnostic.</summary>
    /// <param name="diagnostic">What clang said.</param>
    public CompilationException(Diagnostic diagnostic)
        : base("CompilationFailed", Text(diagnostic), diagnostic.Remedy)
    {
        Diagnostic = diagnostic;
        File = diagnostic.File;
        Line = diagnostic.Line;
        Column = diagnostic.Column;
    }

    /// <summary>The diagnostic.</summary>
    public Diagnostic Diagnostic { get; }

    /// <summary>The full path of the file it is about, or null.</summary>
    public string? File { get; }

    /// <summary>The line, counted from 1; 0 without a file.</summary>
    public int Line { get; }

    /// <summary>The column in bytes, counted from 1; 0 where it is not known.</summary>
    public int Column { get; }

    private static string Text(Diagnostic diagnostic)
        => string.Join(Environment.NewLine, diagnostic.Notes.Select(note => $"  {note}").Prepend(diagnostic.ToString()));
}
