using Bee.Posix;

namespace Bee.Telemetry.Pictures;

/// <summary>The reasons why objects do not become a picture.</summary>
internal enum PictureFault
{
    /// <summary>The input has no objects.</summary>
    Empty,
    /// <summary>No object has a stack.</summary>
    NoStack,
    /// <summary>The objects have several stacks, and it is not said which one is meant.</summary>
    SeveralStacks,
    /// <summary>The objects have several numbers, and it is not said which one is meant; or the numbers of two kinds of objects cannot be added.</summary>
    SeveralValues,
    /// <summary>The objects do not have a field of the name.</summary>
    UnknownField,
    /// <summary>The field is not a number, or not a stack.</summary>
    BadField,
}

/// <summary>Objects do not become a picture.</summary>
public sealed class PictureException : BeeException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="fault">The reason.</param>
    /// <param name="message">What happened, as a sentence.</param>
    /// <param name="remedy">What to do, as a sentence; null if nothing is known to help.</param>
    internal PictureException(PictureFault fault, string message, string? remedy = null) : base($"Picture.{fault}", message, remedy) => Fault = fault;

    /// <summary>The reason.</summary>
    internal PictureFault Fault { get; }
}
