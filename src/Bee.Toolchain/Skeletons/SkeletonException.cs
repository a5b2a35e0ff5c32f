using Bee.Posix;

namespace Bee.Toolchain;

/// <summary>A skeleton cannot be written as asked.</summary>
public sealed class SkeletonException : BeeException
{
    /// <summary>Makes one.</summary>
    /// <param name="fault">What kind of mistake it is.</param>
    /// <param name="message">What is wrong, and why.</param>
    /// <param name="remedy">What to do instead.</param>
    public SkeletonException(SkeletonFault fault, string message, string remedy)
        : base($"Skeleton.{fault}", message, remedy)
    {
        Fault = fault;
    }

    /// <summary>What kind of mistake it is.</summary>
    public SkeletonFault Fault { get; }
}

/// <summary>Why a skeleton cannot be written.</summary>
public enum SkeletonFault
{
    /// <summary>There is no such kind of program, or Bee does not run it.</summary>
    UnknownKind,
    /// <summary>Kind, map and output do not go together.</summary>
    Combination,
    /// <summary>The kind cannot attach to that.</summary>
    Target,
    /// <summary>There is no such example.</summary>
    UnknownTemplate,
    /// <summary>The module's pieces are not there.</summary>
    PiecesMissing,
}
