using System.Management.Automation;
using Bee.Oci.Formats;
using Bee.Posix;
using DriveNotFoundException = System.Management.Automation.DriveNotFoundException;

namespace Bee.Cmdlets;

/// <summary>Makes error records of exceptions: the id, its category, the input as target, and what to do about it.</summary>
internal static class ErrorRecords
{
    /// <summary>True for what can go wrong with one input; false for what ends the pipeline or is a defect of Bee.</summary>
    public static bool IsExpected(Exception error) => error is BeeException
        or IOException or UnauthorizedAccessException or OperationCanceledException or NotSupportedException or ItemNotFoundException or DriveNotFoundException;

    /// <summary>Returns the record for an exception.</summary>
    /// <param name="error">The exception.</param>
    /// <param name="target">The input that it is about.</param>
    public static ErrorRecord From(Exception error, object? target)
    {
        ErrorId row = ErrorIds.Find(Id(error));
        string remedy = string.Join(' ', new[] { (error as BeeException)?.Remedy, row.Advice }.OfType<string>());
        var record = new ErrorRecord(error, row.Id, row.Category, target is string text && !IsPath(text) ? Redaction.WithoutLogin(text) : target);
        string message = TerminalText.ShowLines(error.Message);
        if (remedy.Length > 0)
        {
            record.ErrorDetails = new ErrorDetails(message) { RecommendedAction = TerminalText.ShowLines(remedy) };
        }
        else if (message != error.Message)
        {
            // Names of processes, files and registries' answers stand in messages; the exception keeps them as they are.
            record.ErrorDetails = new ErrorDetails(message);
        }

        return record;
    }

    private static string Id(Exception error) => error switch
    {
        BeeException bee => bee.Id,
        FileNotFoundException or DirectoryNotFoundException or ItemNotFoundException or DriveNotFoundException => ErrorIds.FileNotFound,
        UnauthorizedAccessException => ErrorIds.AccessDenied,
        IOException => ErrorIds.FileError,
        NotSupportedException => ErrorIds.NotSupported,
        _ => ErrorIds.Unexpected,
    };

    // A file's name may hold an '@'. With a colon it is a path only where it begins as one, or with a provider's name.
    private static bool IsPath(string text)
        => text.StartsWith('/') || text.StartsWith('.') || text.StartsWith('~') || !text.Contains(':')
            || (text.IndexOf("::", StringComparison.Ordinal) is > 0 and var provider && !text.AsSpan(0, provider).Contains('@'));
}
