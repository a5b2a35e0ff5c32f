using Bee.Posix;

namespace Bee.Cmdlets.Errors;

/// <summary>The input of a cmdlet cannot be used: a name matches nothing, or a value does not fit. The id says which.</summary>
public sealed class BeeInputException : BeeException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="id">The stable id of the error record made from it. It has a row in the table of error ids.</param>
    /// <param name="message">What is wrong.</param>
    /// <param name="remedy">What to do about it.</param>
    /// <param name="inner">The cause.</param>
    public BeeInputException(string id, string message, string? remedy = null, Exception? inner = null)
        : base(id, message, remedy, inner)
    {
    }
}
