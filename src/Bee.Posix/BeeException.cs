namespace Bee.Posix;

/// <summary>
/// The base class of all exceptions that Bee defines. <see cref="Exception.Message"/> describes the failure, <see cref="Remedy"/> says what to do about it, and <see cref="Id"/> identifies it for code.
/// Ids never change, because programs and scripts compare them.
/// </summary>
/// <remarks>
/// Failed file operations throw the exceptions of System.IO instead.
/// </remarks>
public abstract class BeeException : Exception
{
    private readonly string? _remedy;

    /// <summary>Creates the exception.</summary>
    /// <param name="id">The stable id, such as <c>BadManifest</c> or <c>Store.NotFound</c>.</param>
    /// <param name="message">What happened, as a sentence.</param>
    /// <param name="remedy">What to do about it, as one or more sentences; null or empty if no remedy is known.</param>
    /// <param name="inner">The exception that caused this one; null if none did.</param>
    protected BeeException(string id, string message, string? remedy = null, Exception? inner = null)
        : base(message, inner)
    {
        Id = id;
        Remedy = remedy;
    }

    /// <summary>The stable id of the failure, such as <c>BadManifest</c> or <c>Store.NotFound</c>.</summary>
    public string Id { get; }

    /// <summary>What to do about the failure, as one or more sentences; null if no remedy is known. Never empty.</summary>
    public string? Remedy
    {
        get => _remedy;
        init => _remedy = string.IsNullOrEmpty(value) ? null : value;
    }
}
