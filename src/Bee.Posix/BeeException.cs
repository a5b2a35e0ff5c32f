namespace Bee.Posix;

/// <summary>
/// Base of all exceptions that Bee defines. <see cref="Exception.Message"/> says what happened, <see cref="Remedy"/> what to do about it, and <see cref="Id"/> names the failure for code:
/// an id is never renamed, since scripts compare it. The message does not repeat the remedy.
/// </summary>
/// <remarks>
/// Failures of file operations are not of this kind: <see cref="PosixException"/> and its neighbours derive from <see cref="IOException"/>, as all exceptions of System.IO do.
/// </remarks>
public abstract class BeeException : Exception
{
    private readonly string? _remedy;

    /// <summary>Creates the exception.</summary>
    /// <param name="id">The stable id, such as <c>BadManifest</c> or <c>Store.NotFound</c>.</param>
    /// <param name="message">What happened, as a sentence.</param>
    /// <param name="remedy">What to do about it, as one or more sentences; null or empty if nothing is known to help.</param>
    /// <param name="inner">The cause, if another exception was.</param>
    protected BeeException(string id, string message, string? remedy = null, Exception? inner = null)
        : base(message, inner)
    {
        Id = id;
        Remedy = remedy;
    }

    /// <summary>The stable id of the failure: a word, or the kind and the fault with a dot between.</summary>
    public string Id { get; }

    /// <summary>What to do about it, as one or more sentences; null if nothing is known to help. Never empty.</summary>
    public string? Remedy
    {
        get => _remedy;
        init => _remedy = string.IsNullOrEmpty(value) ? null : value;
    }
}
