using Bee.Ebpf.Objects;
using Bee.Posix;

namespace Bee.Toolchain.Skeletons;

/// <summary>Validates the combination of a skeleton's properties, and explains conflicts.</summary>
internal static class SkeletonRules
{
    /// <summary>Returns the kind with a name.</summary>
    /// <exception cref="SkeletonException">The kind does not exist, or has no skeleton.</exception>
    public static SkeletonKind Kind(string name)
    {
        if (SkeletonKinds.All.FirstOrDefault(kind => kind.IsCalled(name)) is { } found)
        {
            return found;
        }

        if (SkeletonKinds.Refused.TryGetValue(name.ToLowerInvariant(), out string? reason))
        {
            throw new SkeletonException(SkeletonFault.UnknownKind, $"There is no skeleton for '{name}': {reason}.", $"Use one of: {string.Join(", ", ProgramSkeleton.Kinds)}.");
        }

        // The name is a whole section: its beginning is the kind, and the rest the target.
        if (name.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash && ProgramSkeleton.FindKind(name[..slash]) is { } kindOfSection)
        {
            throw new SkeletonException(SkeletonFault.UnknownKind, $"'{name}' is a section, not a kind.", $"The kind is {kindOfSection}, and the attach target is '{name[(slash + 1)..]}'.");
        }

        IReadOnlyList<string> near = Suggest.Nearest(name, ProgramSkeleton.Kinds, 3);
        throw new SkeletonException(
            SkeletonFault.UnknownKind,
            $"Bee runs no programs of the kind '{name}'.",
            near.Count > 0 ? $"Did you mean {string.Join(" or ", near)}?" : $"Use one of: {string.Join(", ", ProgramSkeleton.Kinds)}.");
    }

    /// <summary>Returns the map that a program reports through.</summary>
    /// <returns>The requested map, or one that suits the output; null for an iterator, which writes its records itself.</returns>
    /// <exception cref="SkeletonException">Kind, map and output conflict.</exception>
    public static SkeletonMapType? Map(SkeletonKind kind, SkeletonMapType? asked, SkeletonOutput output)
    {
        if (kind.Subject == IteratorShape.Subject)
        {
            if (asked is { } map)
            {
                throw new SkeletonException(
                    SkeletonFault.Combination,
                    $"An iterator does not report through a map: it writes its records itself, and runs again at each reading, so {map} would contain every record several times.",
                    "Omit the map.");
            }

            return output == SkeletonOutput.Print ? null : throw new SkeletonException(
                SkeletonFault.Combination,
                $"An iterator lists the current objects and runs again at each reading, so {output} would count every object several times.",
                "Use Print, and count the printed records of one reading.");
        }

        if (output == SkeletonOutput.Gauge && asked is SkeletonMapType.RingBuffer or SkeletonMapType.PerfBuffer)
        {
            throw new SkeletonException(
                SkeletonFault.Combination,
                $"A gauge must be readable at any time, but {asked} delivers single events and stores none. After a lost event, the gauge would be wrong until the next one.",
                "Use Hash or Array for a gauge, or Print for the events.");
        }

        return asked ?? (output == SkeletonOutput.Print ? SkeletonMapType.RingBuffer : SkeletonMapType.Hash);
    }

    /// <summary>Returns the target that a program attaches to; empty if its section has none.</summary>
    /// <exception cref="SkeletonException">The kind has no target, or the target does not exist on this machine.</exception>
    public static string Target(SkeletonKind kind, string? asked)
    {
        if (asked is null)
        {
            return kind.DefaultTarget ?? string.Empty;
        }

        return kind.Kind.HasTargetInSection ? SkeletonTarget.Check(kind.Kind, asked) : throw new SkeletonException(
            SkeletonFault.Target,
            $"The source of a program of the kind {kind.Name} does not contain its attach target.",
            kind.Kind.NeedsInterface ? "Name the interface when it is run."
            : kind.Kind.NeedsCgroup ? "Name the control group when it is run."
            : kind.Kind.NeedsNetworkNamespace ? "Name the network namespace when it is run."
            : "Omit the target.");
    }
}

/// <summary>Thrown if a skeleton cannot be written as requested.</summary>
internal sealed class SkeletonException : BeeException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="fault">The fault.</param>
    /// <param name="message">The problem and its reason.</param>
    /// <param name="remedy">How to fix it.</param>
    public SkeletonException(SkeletonFault fault, string message, string remedy)
        : base($"Skeleton.{fault}", message, remedy)
    {
        Fault = fault;
    }

    /// <summary>The fault.</summary>
    public SkeletonFault Fault { get; }
}

/// <summary>Why a skeleton cannot be written.</summary>
internal enum SkeletonFault
{
    /// <summary>The kind of program does not exist, or Bee does not run it.</summary>
    UnknownKind,
    /// <summary>Kind, map and output conflict.</summary>
    Combination,
    /// <summary>The kind cannot attach to the target.</summary>
    Target,
    /// <summary>The example does not exist.</summary>
    UnknownTemplate,
    /// <summary>The module's skeleton pieces are missing.</summary>
    PiecesMissing,
}
