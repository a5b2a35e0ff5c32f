using Bee.Posix;

namespace Bee.Telemetry.Pictures;

/// <summary>The reasons why objects cannot be drawn.</summary>
internal enum PictureFault
{
    /// <summary>The input has no objects.</summary>
    Empty,
    /// <summary>No object has a stack.</summary>
    NoStack,
    /// <summary>The objects have several stacks, and the options do not choose one.</summary>
    SeveralStacks,
    /// <summary>The objects have several numbers, and the options do not choose one; or the numbers of two kinds of objects cannot be added up.</summary>
    SeveralValues,
    /// <summary>The objects do not have a field that the options name.</summary>
    UnknownField,
    /// <summary>The field is not a number, or not a stack.</summary>
    BadField,
}

/// <summary>
/// Objects cannot be drawn as a flame graph. <see cref="BeeException.Id"/> is <c>Picture.Empty</c>, <c>Picture.NoStack</c>, <c>Picture.SeveralStacks</c>, <c>Picture.SeveralValues</c>,
/// <c>Picture.UnknownField</c> or <c>Picture.BadField</c>.
/// </summary>
public sealed class PictureException : BeeException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="fault">The reason.</param>
    /// <param name="message">What happened, as a sentence.</param>
    /// <param name="remedy">What to do, as a sentence; null if no remedy is known.</param>
    internal PictureException(PictureFault fault, string message, string? remedy = null) : base($"Picture.{fault}", message, remedy) => Fault = fault;

    /// <summary>The reason.</summary>
    internal PictureFault Fault { get; }
}
