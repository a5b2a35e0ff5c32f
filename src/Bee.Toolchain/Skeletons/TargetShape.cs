using Bee.Ebpf.Host;
using Bee.Ebpf.Objects;

namespace Bee.Toolchain.Skeletons;

/// <summary>What a program's target hands to it.</summary>
/// <param name="Signature">The program's function, with $(function) for its name.</param>
/// <param name="Fields">What can be read of the target's own values.</param>
internal sealed record TargetShape(string Signature, IReadOnlyList<SkeletonField> Fields)
{
    public TargetShape(string signature) : this(signature, [])
    {
    }

    /// <summary>Names of values that are not read, because there are many or they are no plain values.</summary>
    public IReadOnlyList<string> LeftOut { get; init; } = [];

    /// <summary>Headers that the program needs beside bee.h.</summary>
    public IReadOnlyList<string> Include { get; init; } = [];

    /// <summary>Statements for the beginning of the function.</summary>
    public IReadOnlyList<string> Before { get; init; } = [];

    /// <summary>Declarations for the beginning of the function.</summary>
    public IReadOnlyList<string> Locals { get; init; } = [];

    /// <summary>A path that this user may not read, for want of which fields are missing; null if none are.</summary>
    public string? Unreadable { get; init; }

    /// <summary>The lines of a struct with the fields.</summary>
    public IEnumerable<string> Notes => LeftOut.Count > 0 ? [$"// There is more to read: {string.Join(", ", LeftOut)}."] : [];
}

/// <summary>Checks what a skeleton shall attach to, as far as this machine tells.</summary>
internal static class SkeletonTarget
{
    /// <summary>The target, without a section's kind before it.</summary>
    /// <exception cref="SkeletonException">It has another form than the kind's targets, or this machine has no such thing.</exception>
    public static string Check(ProgramKind kind, string asked)
    {
        string target = asked.StartsWith($"{kind.Name}/", StringComparison.Ordinal) ? asked[(kind.Name.Length + 1)..] : asked;
        string form = kind.Section[(kind.Name.Length + 1)..];
        if (target.Any(letter => char.IsControl(letter) || letter is '"' or '\\' || (letter == ' ' && kind.Target is not (AttachTarget.UserFunction or AttachTarget.UserProbe))) || !HasForm(target, form))
        {
            throw new SkeletonException(SkeletonFault.Target, $"A program of the kind {kind.Name} cannot attach to '{asked}'.", $"Write {form}.");
        }

        if (target.AsSpan().IndexOfAny('*', '?') >= 0)
        {
            return target;
        }

        string name = target.Split('+')[0];
        IReadOnlyList<string> names = KernelTargets.Names(kind.Name);
        if (names.Count == 0 || names.Contains(name))
        {
            return target;
        }

        IReadOnlyList<string> near = Suggest.Nearest(name, names, 3);
        throw new SkeletonException(
            SkeletonFault.Target,
            $"This kernel has no {What(kind.Target)} '{name}'.",
            near.Count > 0 ? $"Did you mean {string.Join(" or ", near)}?" : $"Name one that this kernel has; there are {names.Count}.");
    }

    // CATEGORY/NAME: as many parts, and none of them empty. PATH:FUNCTION: symbols and paths may have colons of their own.
    private static bool HasForm(string target, string form)
    {
        int colons = form.Count(letter => letter == ':');
        if (colons > 0)
        {
            return target.Count(letter => letter == ':') >= colons && !target.StartsWith(':') && !target.EndsWith(':');
        }

        string[] parts = form.Contains('/') ? target.Split('/') : [target];
        return parts.Length == form.Count(letter => letter == '/') + 1 && parts.All(part => part.Length > 0);
    }

    private static string What(AttachTarget target) => target switch
    {
        AttachTarget.Tracepoint or AttachTarget.RawTracepoint => "tracepoint",
        AttachTarget.SystemCall => "system call",
        AttachTarget.SecurityHook => "security hook",
        AttachTarget.Iterator => "iterator",
        _ => "function",
    };
}

/// <summary>What programs are given that is the same for every target: a piece says it.</summary>
internal static class ContextShape
{
    /// <summary>Reads it.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="context">Which of the piece's contexts; empty for a piece that has one.</param>
    public static TargetShape Read(string piece, string context)
    {
        var read = SkeletonPiece.Read(piece);
        return new TargetShape(read.Part("signature", context)[0], read.Fields("fields", context))
        {
            Include = read.Part("include", context),
            Before = read.Part("before", context),
            Locals = read.Part("locals", context),
        };
    }
}
