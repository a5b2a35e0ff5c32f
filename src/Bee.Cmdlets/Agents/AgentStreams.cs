using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Fleet;
using Bee.Posix;
using Bee.Telemetry.Captures;

namespace Bee.Cmdlets.Agents;

/// <summary>The streams of a work: messages to the machine that requested it.</summary>
/// <param name="output">Sends the messages.</param>
/// <param name="stop">Cancelled when the work shall end.</param>
internal sealed class AgentStreams(CaptureStreamWriter output, CancellationToken stop) : ICmdletStreams, ISessionLocation
{
    /// <inheritdoc/>
    public CancellationToken Stop => stop;

    /// <summary>Called before a tool is loaded; null for no call.</summary>
    public Action? Loading { get; init; }

    /// <inheritdoc/>
    public string CurrentFolder => Environment.CurrentDirectory;

    /// <inheritdoc/>
    public string FullPath(string path) => Path.GetFullPath(path is "~" || path.StartsWith("~/", StringComparison.Ordinal) ? $"{UserFolders.Home}{path[1..]}" : path);

    /// <inheritdoc/>
    public void WriteNote(string text) => output.WriteMessage(new StreamMessage(AgentMessage.Note, text));

    /// <inheritdoc/>
    public void WriteWarning(string text) => output.WriteMessage(new StreamMessage(AgentMessage.Warning, text));

    /// <inheritdoc/>
    public void WriteDebug(string text) => output.WriteMessage(new StreamMessage(AgentMessage.Debug, text));

    /// <inheritdoc/>
    public void WriteProgress(ProgressRecord record)
    {
        // The transfer of a small image between two processes needs no progress bar.
    }

    /// <inheritdoc/>
    public void WriteError(Exception error, object? target) => output.WriteMessage(new StreamMessage(AgentMessage.Error, error.Message)
    {
        Id = ErrorRecords.From(error, target).FullyQualifiedErrorId,
        Remedy = (error as BeeException)?.Remedy,
    });
}
