using Bee.Ebpf.Host;
using Bee.Ebpf.Objects;

namespace Bee.Toolchain.Skeletons;

/// <summary>The values that a target passes to its program.</summary>
/// <param name="Signature">The program's C function, with $(function) for its name.</param>
/// <param name="Fields">The readable fields of the target's values.</param>
internal sealed record TargetShape(string Signature, IReadOnlyList<SkeletonField> Fields)
{
    public TargetShape(string signature) : this(signature, [])
    {
    }

    /// <summary>Names of values that the skeleton does not read, because there are too many or they are not plain values.</summary>
    public IReadOnlyList<string> LeftOut { get; init; } = [];

    /// <summary>Headers that the program needs besides bee.h.</summary>
    public IReadOnlyList<string> Include { get; init; } = [];

    /// <summary>Statements at the beginning of the function.</summary>
    public IReadOnlyList<string> Before { get; init; } = [];

    /// <summary>Declarations at the beginning of the function.</summary>
    public IReadOnlyList<string> Locals { get; init; } = [];

    /// <summary>The path that this user may not read, which leaves fields missing; null if no fields are missing.</summary>
    public string? Unreadable { get; init; }

    /// <summary>The comment on fields that are left out.</summary>
    public IEnumerable<string> Notes => LeftOut.Count > 0 ? [$"// There is more to read: {string.Join(", ", LeftOut)}."] : [];
}

/// <summary>Validates the attach target of a skeleton, as far as this machine allows.</summary>
internal static class SkeletonTarget
{
    /// <summary>Returns the target without the section's kind.</summary>
    /// <exception cref="SkeletonException">The target has the wrong syntax for the kind, or does not exist on this machine.</exception>
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
            near.Count > 0 ? $"Did you mean {string.Join(" or ", near)}?" : $"Choose one of the kernel's {names.Count}.");
    }

    // CATEGORY/NAME needs two non-empty parts. In PATH:FUNCTION, symbols and paths may contain colons themselves.
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

/// <summary>A context that is the same for every target, from a skeleton piece.</summary>
internal static class ContextShape
{
    /// <summary>Reads a context.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="context">The name of the context in the piece; empty if the piece has only one.</param>
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
