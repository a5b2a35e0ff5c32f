using System.Management.Automation;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Views;
using Bee.Oci.Formats;
using Bee.Posix;

namespace Bee.Cmdlets.Base;

/// <summary>
/// The base of all cmdlets: a token that Ctrl+C cancels, a Dispose that the engine calls even when the pipeline ends early,
/// and one way to turn the failure of a single input into an error record.
/// </summary>
/// <remarks>
/// The engine runs neither EndProcessing nor StopProcessing if a downstream command ends the pipeline (Select-Object -First),
/// if a script leaves it by break, or if a downstream command throws. It does dispose the cmdlet, so kernel resources are
/// released in a finally block or in <see cref="Dispose(bool)"/>.
/// </remarks>
public abstract class BeeCmdlet : PSCmdlet, ICmdletStreams, ISessionLocation, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private bool _disposed;

    /// <summary>Cancelled when the pipeline is stopped.</summary>
    protected CancellationToken Stop => _stop.Token;

    string ISessionLocation.CurrentFolder => SessionState.Path.CurrentFileSystemLocation.ProviderPath;

    CancellationToken ICmdletStreams.Stop => _stop.Token;

    string ISessionLocation.FullPath(string path) => FullPath(path);

    bool ICmdletStreams.ShowsNotes => MyInvocation.BoundParameters.ContainsKey("Verbose") || MyInvocation.BoundParameters.ContainsKey("Debug")
        || GetVariableValue("VerbosePreference") is not ActionPreference.SilentlyContinue;

    void ICmdletStreams.WriteNote(string text) => WriteNote(text);

    void ICmdletStreams.WriteError(Exception error, object? target) => WriteError(error, target);

    /// <inheritdoc/>
    protected override void BeginProcessing() => NarrowTables.Adapt(this);

    /// <inheritdoc/>
    protected sealed override void StopProcessing()
    {
        try
        {
            _stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The pipeline ended at the same moment as Ctrl+C was pressed: there is nothing left to stop.
        }
    }

    /// <summary>Writes the error of one input; the next input is still processed.</summary>
    /// <param name="error">What went wrong.</param>
    /// <param name="target">The input that failed.</param>
    protected internal void WriteError(Exception error, object? target)
    {
        if (error is OperationCanceledException && Stop.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }

        WriteError(ErrorRecords.From(error, target));
    }

    /// <summary>
    /// Runs the work on one input. Exceptions of the libraries become non-terminating errors about that input. Exceptions that the
    /// engine throws to end the pipeline propagate.
    /// </summary>
    /// <param name="target">The input.</param>
    /// <param name="work">The work on it.</param>
    protected void Guard(object? target, Action work)
    {
        try
        {
            work();
        }
        catch (Exception error) when (ErrorRecords.IsExpected(error))
        {
            WriteError(error, target);
        }
    }

    /// <summary>
    /// Writes to the Verbose stream. With -Debug alone the engine would pause at each verbose line, so the text goes to the Debug stream.
    /// </summary>
    /// <param name="text">The message.</param>
    protected internal void WriteNote(string text)
    {
        text = TerminalText.ShowLines(text);
        if (MyInvocation.BoundParameters.ContainsKey("Debug") && !MyInvocation.BoundParameters.ContainsKey("Verbose"))
        {
            WriteDebug(text);
        }
        else
        {
            WriteVerbose(text);
        }
    }

    /// <summary>Writes a warning. Control characters are made visible, because the text may contain names from traced processes or images.</summary>
    /// <param name="text">The warning.</param>
    public new void WriteWarning(string text) => base.WriteWarning(TerminalText.ShowLines(text));

    /// <summary>Resolves a path against the session's current location, without expanding wildcards.</summary>
    /// <param name="path">The path as the user typed it; <c>~</c> and drives are resolved.</param>
    /// <returns>The path in the file system.</returns>
    /// <exception cref="BeeInputException">The path does not belong to the file system.</exception>
    protected string FullPath(string path)
    {
        string full;
        ProviderInfo provider;
        try
        {
            full = SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out provider, out _);
        }
        catch (Exception error) when (error is ProviderNotFoundException or System.Management.Automation.DriveNotFoundException)
        {
            // An image reference such as '[::1]:5000/me/tool'. The engine's own message would repeat a login in front of the host.
            throw new BeeInputException("FileNotFound", $"'{Redaction.WithoutLogin(path)}' is not a file path: no drive or provider has the name before the colon.");
        }

        return provider.Name == "FileSystem"
            ? full
            : throw new BeeInputException("NotAFile", $"'{path}' is a path of the provider {provider.Name}. Give a file path.");
    }

    /// <summary>Expands a path with wildcards to files and folders. A path without wildcards, or of an existing file, is returned itself.</summary>
    /// <param name="path">The path as the user typed it.</param>
    private protected IEnumerable<string> Files(string path)
    {
        if (Path.Exists(FullPath(path)))
        {
            return [FullPath(path)];
        }

        // Tab completion escapes brackets in names.
        if (!WildcardPattern.ContainsWildcardCharacters(path))
        {
            return [FullPath(WildcardPattern.Unescape(path))];
        }

        return GetResolvedProviderPathFromPSPath(path, out ProviderInfo provider) is var found && provider.Name == "FileSystem" ? found : [FullPath(path)];
    }

    /// <summary>Releases all resources. The engine calls it at the end of the pipeline, in every case.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        Dispose(true);
        _stop.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases the resources of the derived cmdlet.</summary>
    /// <param name="disposing">Always true: no cmdlet has a finalizer.</param>
    protected virtual void Dispose(bool disposing)
    {
    }
}

/// <summary>
/// The streams of a cmdlet except its output. Collaborators report through it and do not depend on the cmdlet. All members but <see cref="Stop"/>
/// must be called on the pipeline thread.
/// </summary>
internal interface ICmdletStreams
{
    /// <summary>Cancelled when the pipeline is stopped.</summary>
    CancellationToken Stop { get; }

    /// <summary>Whether verbose messages are shown. False allows to skip work that only leads to one.</summary>
    bool ShowsNotes => true;

    /// <summary>Writes a verbose message about the work in progress.</summary>
    void WriteNote(string text);

    /// <summary>Writes a warning.</summary>
    void WriteWarning(string text);

    /// <summary>Writes the error of one input; the next input is still processed.</summary>
    /// <param name="error">What went wrong.</param>
    /// <param name="target">The input that failed.</param>
    void WriteError(Exception error, object? target);

    /// <summary>Writes a message for developers of Bee.</summary>
    void WriteDebug(string text);

    /// <summary>Writes the progress of the work.</summary>
    void WriteProgress(ProgressRecord record);
}

/// <summary>The current location of a PowerShell session in the file system.</summary>
internal interface ISessionLocation
{
    /// <summary>The folder that relative paths start from. It differs from the current directory of the process.</summary>
    string CurrentFolder { get; }

    /// <summary>Makes a path absolute, without expanding wildcards. <c>~</c> and drives are resolved.</summary>
    /// <exception cref="BeeInputException">The path does not belong to the file system.</exception>
    string FullPath(string path);
}

/// <summary>Reports whether a user can answer a prompt. A script, a service or a CI job gets an error instead of waiting for an answer.</summary>
internal static class Interaction
{
    /// <summary>Returns true if standard input is a terminal and pwsh was started without -NonInteractive.</summary>
    public static bool IsPossible => !Console.IsInputRedirected && !Environment.GetCommandLineArgs().Skip(1).Any(IsNonInteractive);

    // Matches any prefix that pwsh accepts for the switch. Its host would refuse too, but only after it had shown the prompt.
    private static bool IsNonInteractive(string argument) =>
        argument.Length > 4 && argument[0] == '-' && "-NonInteractive".StartsWith(argument, StringComparison.OrdinalIgnoreCase);
}
