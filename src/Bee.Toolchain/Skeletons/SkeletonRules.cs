using Bee.Ebpf.Objects;
using Bee.Posix;

namespace Bee.Toolchain.Skeletons;

/// <summary>What goes together, and why the rest does not.</summary>
internal static class SkeletonRules
{
    /// <summary>The kind of a name.</summary>
    /// <exception cref="SkeletonException">There is no such kind, or nothing to report from it.</exception>
    public static SkeletonKind Kind(string name)
    {
        if (SkeletonKinds.All.FirstOrDefault(kind => kind.IsCalled(name)) is { } found)
        {
            return found;
        }

        if (SkeletonKinds.Refused.TryGetValue(name.ToLowerInvariant(), out string? reason))
        {
            throw new SkeletonException(SkeletonFault.UnknownKind, $"There is no skeleton for '{name}': {reason}.", $"There are: {string.Join(", ", ProgramSkeleton.Kinds)}.");
        }

        // A whole section, which is how people know these names: its beginning is the kind, and the rest the target.
        if (name.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash && ProgramSkeleton.FindKind(name[..slash]) is { } kindOfSection)
        {
            throw new SkeletonException(SkeletonFault.UnknownKind, $"'{name}' is a section and not a kind alone.", $"The kind is {kindOfSection}, and '{name[(slash + 1)..]}' what it attaches to.");
        }

        IReadOnlyList<string> near = Suggest.Nearest(name, ProgramSkeleton.Kinds, 3);
        throw new SkeletonException(
            SkeletonFault.UnknownKind,
            $"Bee runs no programs of the kind '{name}'.",
            near.Count > 0 ? $"Did you mean {string.Join(" or ", near)}?" : $"There are: {string.Join(", ", ProgramSkeleton.Kinds)}.");
    }

    /// <summary>The map that a program reports through.</summary>
    /// <returns>The one asked for, or what suits the output; null for an iterator, which writes its records itself.</returns>
    /// <exception cref="SkeletonException">They do not go together.</exception>
    public static SkeletonMapType? Map(SkeletonKind kind, SkeletonMapType? asked, SkeletonOutput output)
    {
        if (kind.Subject == IteratorShape.Subject)
        {
            if (asked is { } map)
            {
                throw new SkeletonException(
                    SkeletonFault.Combination,
                    $"An iterator reports through no map: it writes its records itself, and is run anew at each reading, so that {map} would hold everything several times.",
                    "Leave the map out.");
            }

            return output == SkeletonOutput.Print ? null : throw new SkeletonException(
                SkeletonFault.Combination,
                $"An iterator lists what there is, and is run anew at each reading: a {output} of that would count everything several times.",
                "Take Print, and count the objects as they are read.");
        }

        if (output == SkeletonOutput.Gauge && asked is SkeletonMapType.RingBuffer or SkeletonMapType.PerfBuffer)
        {
            throw new SkeletonException(
                SkeletonFault.Combination,
                $"A gauge is a level that can be read at any time, and {asked} hands single events on and keeps none: where one is lost, the level would be wrong until the next.",
                "Take Hash or Array for a gauge, or Print for the events.");
        }

        return asked ?? (output == SkeletonOutput.Print ? SkeletonMapType.RingBuffer : SkeletonMapType.Hash);
    }

    /// <summary>The target that a program attaches to; empty where its section names none.</summary>
    /// <exception cref="SkeletonException">The kind takes none, or this is none on this machine.</exception>
    public static string Target(SkeletonKind kind, string? asked)
    {
        if (asked is null)
        {
            return kind.DefaultTarget ?? string.Empty;
        }

        return kind.Kind.HasTargetInSection ? SkeletonTarget.Check(kind.Kind, asked) : throw new SkeletonException(
            SkeletonFault.Target,
            $"A program of the kind {kind.Name} does not say in its source what it attaches to.",
            kind.Kind.NeedsInterface ? "Name the interface when it is run."
            : kind.Kind.NeedsCgroup ? "Name the control group when it is run."
            : kind.Kind.NeedsNetworkNamespace ? "Name the network namespace when it is run."
            : "Leave the target out.");
    }
}

/// <summary>A skeleton cannot be written as asked.</summary>
internal sealed class SkeletonException : BeeException
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
internal enum SkeletonFault
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
