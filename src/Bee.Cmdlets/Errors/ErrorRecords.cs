using System.Management.Automation;
using Bee.Oci.Formats;
using Bee.Posix;
using Bee.Toolchain.Diagnostics;
using DriveNotFoundException = System.Management.Automation.DriveNotFoundException;

namespace Bee.Cmdlets.Errors;

/// <summary>Creates error records from exceptions, with id, category, the input as target, and remedy.</summary>
internal static class ErrorRecords
{
    /// <summary>Returns true for errors about one input; false for exceptions that end the pipeline or are defects of Bee.</summary>
    public static bool IsExpected(Exception error) => error is BeeException
        or IOException or UnauthorizedAccessException or OperationCanceledException or NotSupportedException or ItemNotFoundException or DriveNotFoundException;

    /// <summary>Returns the record for an exception.</summary>
    /// <param name="error">The exception.</param>
    /// <param name="target">The input that failed.</param>
    /// <param name="id">The id of the record; null for that of the exception.</param>
    public static ErrorRecord From(Exception error, object? target, string? id = null)
    {
        ErrorId row = ErrorIds.Find(id ?? Id(error));
        var record = new ErrorRecord(error, row.Id, row.Category, target is string text && !IsPath(text) ? Redaction.WithoutLogin(text) : target);
        string message = TerminalText.ShowLines(error.Message);
        if (Join((error as BeeException)?.Remedy, row.Advice) is { } remedy)
        {
            record.ErrorDetails = new ErrorDetails(message) { RecommendedAction = TerminalText.ShowLines(remedy) };
        }
        else if (message != error.Message)
        {
            // Messages may contain text from processes, files and registries, so control characters are made visible. The exception keeps the raw text.
            record.ErrorDetails = new ErrorDetails(message);
        }

        return record;
    }

    /// <summary>Returns the library's remedy followed by the cmdlets' advice; null if there is neither.</summary>
    public static string? Remedy(BeeException error) => Join(error.Remedy, ErrorIds.Find(error.Id).Advice);

    private static string? Join(string? remedy, string? advice) => remedy is null ? advice : advice is null ? remedy : $"{remedy} {advice}";

    private static string Id(Exception error) => error switch
    {
        BeeException bee => bee.Id,
        FileNotFoundException or DirectoryNotFoundException or ItemNotFoundException or DriveNotFoundException => ErrorIds.FileNotFound,
        UnauthorizedAccessException => ErrorIds.AccessDenied,
        IOException => ErrorIds.FileError,
        NotSupportedException => ErrorIds.NotSupported,
        _ => ErrorIds.Unexpected,
    };

    // A file's name may contain '@'. Text with a colon is a path only if it begins as one, or with a provider's name.
    private static bool IsPath(string text)
        => text.StartsWith('/') || text.StartsWith('.') || text.StartsWith('~') || !text.Contains(':')
            || (text.IndexOf("::", StringComparison.Ordinal) is > 0 and var provider && !text.AsSpan(0, provider).Contains('@'));
}

/// <summary>The exception for invalid input of a cmdlet: a name matches nothing, or a value is not acceptable. The id says which.</summary>
public sealed class BeeInputException : BeeException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="id">The stable id of the error record. <see cref="ErrorIds"/> lists it.</param>
    /// <param name="message">What happened.</param>
    /// <param name="remedy">What the user can do about it.</param>
    /// <param name="inner">The cause.</param>
    public BeeInputException(string id, string message, string? remedy = null, Exception? inner = null)
        : base(id, message, remedy, inner)
    {
    }
}

/// <summary>The exception for an error or warning of clang about a source file.</summary>
public sealed class CompilationException : BeeException
{
    /// <summary>Creates the exception for one diagnostic.</summary>
    /// <param name="diagnostic">The diagnostic of clang.</param>
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

    /// <summary>The full path of the file that the diagnostic is about, or null.</summary>
    public string? File { get; }

    /// <summary>The line, counted from 1; 0 without a file.</summary>
    public int Line { get; }

    /// <summary>The column in bytes, counted from 1; 0 if unknown.</summary>
    public int Column { get; }

    private static string Text(Diagnostic diagnostic)
        => string.Join(Environment.NewLine, diagnostic.Notes.Select(note => $"  {note}").Prepend(diagnostic.ToString()));
}
