namespace Bee.Cmdlets;

/// <summary>What a person asked for cannot be done as asked: a name that matches nothing, a value that does not fit.</summary>
public sealed class BeeInputException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="errorId">The stable id of the error record made from it.</param>
    /// <param name="message">What is wrong.</param>
    /// <param name="remedy">What to do about it.</param>
    /// <param name="missing">True where something named was not found, false where an argument is wrong.</param>
    /// <param name="inner">The cause.</param>
    public BeeInputException(string errorId, string message, string? remedy = null, bool missing = false, Exception? inner = null)
        : base(message, inner)
    {
        ErrorId = errorId;
        Remedy = remedy;
        IsMissing = missing;
    }

    /// <summary>The stable id of the error record.</summary>
    public string ErrorId { get; }

    /// <summary>What to do about it, or null.</summary>
    public string? Remedy { get; }

    /// <summary>True where something named was not found.</summary>
    public bool IsMissing { get; }
}
