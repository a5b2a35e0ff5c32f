using System.Management.Automation;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Views;
using Bee.Oci.Formats;
using Bee.Posix;

namespace Bee.Cmdlets.Base;

/// <summary>
/// What every cmdlet of Bee has: a token that Ctrl+C cancels, a Dispose that the engine also calls when the pipeline ends early,
/// and one way to turn what goes wrong with a single input into an error record.
/// </summary>
/// <remarks>
/// The engine runs neither EndProcessing nor StopProcessing when a downstream command has had enough (Select-Object -First),
/// when a script leaves by break, or when a downstream command throws. It does dispose the cmdlet, so whatever holds kernel
/// resources is let go of in a finally block or in <see cref="Dispose(bool)"/>.
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
            // The pipeline's end and Ctrl+C came at the same time; there is nothing left to stop.
        }
    }

    /// <summary>Writes the error of one input; the next input is still processed.</summary>
    /// <param name="error">What went wrong.</param>
    /// <param name="target">The input it went wrong with.</param>
    protected internal void WriteError(Exception error, object? target)
    {
        if (error is OperationCanceledException && Stop.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }

        WriteError(ErrorRecords.From(error, target));
    }

    /// <summary>
    /// Runs the work on one input. What the libraries throw becomes a non-terminating error about that input; what the engine throws
    /// to end the pipeline passes through.
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
    /// Writes to the Verbose stream. Under -Debug alone the engine would stop and ask at each such line; then it goes to the Debug stream.
    /// </summary>
    /// <param name="text">What is being done.</param>
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

    /// <summary>Writes a warning, without characters that a terminal obeys: names of others may stand in it.</summary>
    /// <param name="text">The warning.</param>
    public new void WriteWarning(string text) => base.WriteWarning(TerminalText.ShowLines(text));

    /// <summary>Makes a path of the session's current location absolute, without expanding wildcards.</summary>
    /// <param name="path">A path as the person gave it; <c>~</c> and drives are understood.</param>
    /// <returns>The path in the file system.</returns>
    /// <exception cref="BeeInputException">The path belongs to no file system.</exception>
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
            // An image's name was given, as '[::1]:5000/me/tool'. The engine's message would repeat what may be a login before a host.
            throw new BeeInputException("FileNotFound", $"'{Redaction.WithoutLogin(path)}' is not the path of a file: no drive or provider has the name before its colon.");
        }

        return provider.Name == "FileSystem"
            ? full
            : throw new BeeInputException("NotAFile", $"'{path}' is a path of the provider {provider.Name}. Give a file's path.");
    }

    /// <summary>The files and folders that a path means; a path without wildcards, or of a file that is there, means itself.</summary>
    /// <param name="path">A path as the person gave it.</param>
    private protected IEnumerable<string> Files(string path)
    {
        if (Path.Exists(FullPath(path)))
        {
            return [FullPath(path)];
        }

        // What Tab completes of a name with brackets has them escaped.
        if (!WildcardPattern.ContainsWildcardCharacters(path))
        {
            return [FullPath(WildcardPattern.Unescape(path))];
        }

        return GetResolvedProviderPathFromPSPath(path, out ProviderInfo provider) is var found && provider.Name == "FileSystem" ? found : [FullPath(path)];
    }

    /// <summary>Lets go of everything. Called by the engine at the end of the pipeline, however it ends.</summary>
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

    /// <summary>Lets go of what the derived cmdlet holds.</summary>
    /// <param name="disposing">Always true; there are no finalizers.</param>
    protected virtual void Dispose(bool disposing)
    {
    }
}

/// <summary>
/// The streams of a cmdlet beside its output. A collaborator gets them to report what it does and what goes wrong; it knows no cmdlet. All members but <see cref="Stop"/>
/// are for the pipeline thread only.
/// </summary>
internal interface ICmdletStreams
{
    /// <summary>Cancelled when the pipeline is stopped.</summary>
    CancellationToken Stop { get; }

    /// <summary>Writes what is being done.</summary>
    void WriteNote(string text);

    /// <summary>Writes a warning.</summary>
    void WriteWarning(string text);

    /// <summary>Writes the error of one input; the next input is still processed.</summary>
    /// <param name="error">What went wrong.</param>
    /// <param name="target">The input it went wrong with.</param>
    void WriteError(Exception error, object? target);

    /// <summary>Writes a line for developers.</summary>
    void WriteDebug(string text);

    /// <summary>Writes how far the work is.</summary>
    void WriteProgress(ProgressRecord record);
}

/// <summary>Where the session of a cmdlet stands in the file system.</summary>
internal interface ISessionLocation
{
    /// <summary>The folder that relative paths are meant from. It is not the process's.</summary>
    string CurrentFolder { get; }

    /// <summary>Makes a path absolute, without expanding wildcards; <c>~</c> and drives are understood.</summary>
    /// <exception cref="BeeInputException">The path belongs to no file system.</exception>
    string FullPath(string path);
}

/// <summary>Reports whether a user can answer a prompt. A script, a service or a CI job gets an error and does not wait for an answer.</summary>
internal static class Interaction
{
    /// <summary>Whether a question can be answered: standard input is a terminal, and pwsh was not started with -NonInteractive.</summary>
    public static bool IsPossible => !Console.IsInputRedirected && !Environment.GetCommandLineArgs().Skip(1).Any(IsNonInteractive);

    // Any beginning of the switch that pwsh takes for it. Its host would refuse too, but only after the question was on the screen.
    private static bool IsNonInteractive(string argument) =>
        argument.Length > 4 && argument[0] == '-' && "-NonInteractive".StartsWith(argument, StringComparison.OrdinalIgnoreCase);
}
