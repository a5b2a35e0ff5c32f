using Bee.Ebpf.Host;
using Bee.Ebpf.Objects;

namespace Bee.Toolchain;

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
            throw new SkeletonException(SkeletonFault.Target, $"'{asked}' is nothing that a program of the kind {kind.Name} attaches to.", $"Write {form}.");
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
