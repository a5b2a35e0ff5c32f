using Bee.Ebpf.Btf;
using Bee.Ebpf.Host;

namespace Bee.Ebpf.CoRe;

/// <summary>Resolves CO-RE relocations against a kernel's types, by libbpf's rules and with its results.</summary>
/// <param name="kernel">The kernel.</param>
internal sealed class CoreResolver(TargetKernel kernel)
{
    private readonly TypeCandidates _types = new(kernel);

    // By the program's type. A relocation narrows the candidates for those after it, as in libbpf.
    private readonly Dictionary<uint, IReadOnlyList<BtfType>> _candidates = [];

    // Many relocations ask for the same thing, and looking for names that are near takes longer than all else.
    private readonly Dictionary<(uint, string), (string Reason, IReadOnlyList<string> Near)> _misses = [];

    /// <summary>Resolves one. The relocations of an object must come in the order that they have in the file.</summary>
    /// <param name="relocation">The relocation.</param>
    /// <param name="code">The section's instructions.</param>
    public CoreResolution Resolve(CoreRelocation relocation, ReadOnlySpan<byte> code)
    {
        if (CoreSpec.Parse(relocation) is not { } local)
        {
            return Refuse(relocation, null, "the object is damaged: its path of members leads nowhere");
        }

        if (relocation.Kind == CoreRelocationKind.LocalTypeId)
        {
            return new CoreResolution(relocation, CoreState.Resolved) { Local = local, Target = local, LocalValue = relocation.Root.Id, TargetValue = relocation.Root.Id };
        }

        if (relocation.Root.Name.Length == 0)
        {
            return Refuse(relocation, local, "the type has no name, by which the kernel's type could be found");
        }

        if (!CoreValue.TryRead(relocation, local, out var localValue, out var error))
        {
            return Refuse(relocation, local, error!);
        }

        var candidates = _candidates.TryGetValue(relocation.Root.Id, out var narrowed) ? narrowed : _types.Of(relocation.Root.Name, relocation.Root.Kind);
        var fitting = new List<BtfType>();
        CoreSpec? target = null;
        CoreValue value = default;
        foreach (var candidate in candidates)
        {
            var outcome = CoreMatch.With(relocation, local, candidate);
            error = outcome.Error;
            if (error is not null || outcome.Spec is { } found && !TryAdopt(relocation, found, ref target, ref value, out error))
            {
                return Refuse(relocation, local, error!);
            }

            if (outcome.Spec is not null)
            {
                fitting.Add(candidate);
            }
        }

        _candidates[relocation.Root.Id] = fitting.Count > 0 ? fitting : candidates;
        if (target is null && !CoreValue.TryRead(relocation, null, out value, out error))
        {
            var (reason, near) = Explain(relocation, local, candidates);
            return error is null
                ? new CoreResolution(relocation, CoreState.Missing) { Local = local, LocalValue = localValue.Number, Reason = reason, Near = near }
                : Refuse(relocation, local, error);
        }

        var fit = CoreInstruction.Fit(relocation, localValue, value, code);
        return new CoreResolution(relocation, fit.State)
        {
            Local = local,
            Target = target,
            LocalValue = localValue.Number,
            TargetValue = value.Number,
            Reason = fit.Reason,
        };
    }

    private (string Reason, IReadOnlyList<string> Near) Explain(CoreRelocation relocation, CoreSpec local, IReadOnlyList<BtfType> candidates)
    {
        var key = (relocation.Root.Id, candidates.Count == 0 ? "" : local.Way());
        if (!_misses.TryGetValue(key, out var known))
        {
            _misses[key] = known = CoreMiss.Explain(relocation, local, candidates, kernel);
        }

        return known;
    }

    // Several types of one name may stand in a kernel. They must agree on the answer.
    private static bool TryAdopt(CoreRelocation relocation, CoreSpec found, ref CoreSpec? target, ref CoreValue value, out string? error)
    {
        if (!CoreValue.TryRead(relocation, found, out var number, out error))
        {
            return false;
        }

        if (target is not null && (found.BitOffset != target.BitOffset || number.Number != value.Number))
        {
            error = $"the kernel has several types of this name, which do not agree: {target.Root} [{target.Root.Id}] gives {value.Number}, "
                + $"[{found.Root.Id}] gives {number.Number}";
            return false;
        }

        if (target is null)
        {
            (target, value) = (found, number);
        }

        return true;
    }

    private static CoreResolution Refuse(CoreRelocation relocation, CoreSpec? local, string reason) =>
        new(relocation, CoreState.Refused) { Local = local, Reason = reason };
}

/// <summary>What becomes of a relocation on a kernel.</summary>
internal enum CoreState
{
    /// <summary>The instruction gets its number.</summary>
    Resolved,

    /// <summary>The kernel lacks it: the loader puts an invalid instruction there, which is refused where a program can come to it.</summary>
    Missing,

    /// <summary>The loader gives up the whole object.</summary>
    Refused,
}

/// <summary>A relocation and what becomes of it.</summary>
/// <param name="Relocation">The relocation.</param>
/// <param name="State">What becomes of it.</param>
internal sealed record CoreResolution(CoreRelocation Relocation, CoreState State)
{
    /// <summary>What it means in the program's own types; null where its path leads nowhere.</summary>
    public CoreSpec? Local { get; init; }

    /// <summary>What it means on the kernel, where it is there.</summary>
    public CoreSpec? Target { get; init; }

    /// <summary>The number that the compiler put into the instruction.</summary>
    public ulong LocalValue { get; init; }

    /// <summary>The number that the loader puts there.</summary>
    public ulong TargetValue { get; init; }

    /// <summary>Why there is none.</summary>
    public string? Reason { get; init; }

    /// <summary>Names of what the kernel has instead.</summary>
    public IReadOnlyList<string> Near { get; init; } = [];
}

/// <summary>An instruction that holds a number which depends on the kernel's types (a CO-RE relocation), and what becomes of it.</summary>
internal sealed record RelocationResult
{
    /// <summary>The function that the instruction is part of.</summary>
    public required string Function { get; init; }

    /// <summary>The instruction's number in the function, from 0.</summary>
    public required int Instruction { get; init; }

    /// <summary>The relocation's number in its section, from 0, as libbpf's log has it.</summary>
    public required int Number { get; init; }

    /// <summary>What is asked for, in words: <c>offset</c>, <c>size</c>, <c>existence</c>, <c>sign</c>, <c>shift</c>, <c>type id</c>, <c>match</c> or <c>value</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Of what: a type as C names it, and the way to a member or an enumerator, such as <c>struct task_struct.comm[0]</c>.</summary>
    public required string Subject { get; init; }

    /// <summary>The source file as the compiler knew it, or null where the object does not tell.</summary>
    public string? File { get; init; }

    /// <summary>The line in it, or 0.</summary>
    public int Line { get; init; }

    /// <summary>The line's text, or null.</summary>
    public string? SourceText { get; init; }

    /// <summary>What becomes of it.</summary>
    public required RelocationState State { get; init; }

    /// <summary>True for a question to which no is an answer: whether a field, a type or an enumerator exists. Such a relocation is never missing.</summary>
    public bool AsksWhether { get; init; }

    /// <summary>The number that the compiler put into the instruction.</summary>
    public ulong LocalValue { get; init; }

    /// <summary>The number that the loader puts there; 0 for what the kernel lacks.</summary>
    public ulong TargetValue { get; init; }

    /// <summary>Why it is not resolved; for a question with the answer no, why not; else null.</summary>
    public string? Reason { get; init; }

    /// <summary>Names of what the kernel has instead.</summary>
    public IReadOnlyList<string> Near { get; init; } = [];

    /// <summary>
    /// Whether the verifier can come to the instruction on this kernel; false for code behind a question that this kernel answers with no.
    /// </summary>
    public bool IsReached { get; init; }

    /// <summary>The same, if the program's parameters are not changed.</summary>
    public bool IsReachedByDefault { get; init; }

    /// <summary>The place in the source as compilers write it, <c>file:line</c>; else function and instruction.</summary>
    public string Place => File is null ? $"{Function}, instruction {Instruction}" : $"{File}:{Line}";

    internal int Section { get; init; }

    internal int Offset { get; init; }
}

/// <summary>What becomes of a CO-RE relocation on a kernel.</summary>
internal enum RelocationState
{
    /// <summary>The instruction gets its number.</summary>
    Resolved,

    /// <summary>
    /// The kernel lacks what is asked for: the loader puts an invalid instruction there, which is refused where the program can come to it,
    /// and does no harm behind a question whether the thing exists.
    /// </summary>
    Missing,

    /// <summary>The loader gives up the whole object.</summary>
    Refused,
}
