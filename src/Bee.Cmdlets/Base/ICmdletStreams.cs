using System.Management.Automation;
using Bee.Cmdlets.Errors;

namespace Bee.Cmdlets.Base;

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
