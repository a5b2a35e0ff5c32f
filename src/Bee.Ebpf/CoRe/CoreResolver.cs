using Bee.Ebpf.Btf;
using Bee.Ebpf.Host;

namespace Bee.Ebpf.CoRe;

/// <summary>Resolves CO-RE relocations against a kernel's types, with the same rules and results as libbpf.</summary>
/// <param name="kernel">The kernel.</param>
internal sealed class CoreResolver(TargetKernel kernel)
{
    private readonly TypeCandidates _types = new(kernel);

    // By the program's type. A relocation narrows the candidates for later ones, as in libbpf.
    private readonly Dictionary<uint, IReadOnlyList<BtfType>> _candidates = [];

    // Many relocations ask for the same target, and the search for similar names takes most of the time.
    private readonly Dictionary<(uint, string), (string Reason, IReadOnlyList<string> Near)> _misses = [];

    /// <summary>Resolves one relocation. Relocations of an object must be resolved in file order.</summary>
    /// <param name="relocation">The relocation.</param>
    /// <param name="code">The instructions of the section.</param>
    public CoreResolution Resolve(CoreRelocation relocation, ReadOnlySpan<byte> code)
    {
        if (CoreSpec.Parse(relocation) is not { } local)
        {
            return Refuse(relocation, null, "the object is damaged: its path of members is invalid");
        }

        if (relocation.Kind == CoreRelocationKind.LocalTypeId)
        {
            return new CoreResolution(relocation, CoreState.Resolved) { Local = local, Target = local, LocalValue = relocation.Root.Id, TargetValue = relocation.Root.Id };
        }

        if (relocation.Root.Name.Length == 0)
        {
            return Refuse(relocation, local, "the type has no name to look up in the kernel");
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

    // A kernel may contain several types of one name. They must yield the same result.
    private static bool TryAdopt(CoreRelocation relocation, CoreSpec found, ref CoreSpec? target, ref CoreValue value, out string? error)
    {
        if (!CoreValue.TryRead(relocation, found, out var number, out error))
        {
            return false;
        }

        if (target is not null && (found.BitOffset != target.BitOffset || number.Number != value.Number))
        {
            error = $"the kernel has several types of this name with different results: {target.Root} [{target.Root.Id}] gives {value.Number}, "
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

/// <summary>The result of a relocation on a kernel.</summary>
internal enum CoreState
{
    /// <summary>The instruction gets its number.</summary>
    Resolved,

    /// <summary>The kernel lacks the target. libbpf inserts an invalid instruction, which the verifier rejects if it is reachable.</summary>
    Missing,

    /// <summary>libbpf refuses the whole object.</summary>
    Refused,
}

/// <summary>A relocation and its result.</summary>
/// <param name="Relocation">The relocation.</param>
/// <param name="State">The result.</param>
internal sealed record CoreResolution(CoreRelocation Relocation, CoreState State)
{
    /// <summary>The target in the program's own types; null if its path is invalid.</summary>
    public CoreSpec? Local { get; init; }

    /// <summary>The target in the kernel's types, if the kernel has it.</summary>
    public CoreSpec? Target { get; init; }

    /// <summary>The number that the compiler wrote into the instruction.</summary>
    public ulong LocalValue { get; init; }

    /// <summary>The number that libbpf writes into the instruction.</summary>
    public ulong TargetValue { get; init; }

    /// <summary>Why the relocation is not resolved.</summary>
    public string? Reason { get; init; }

    /// <summary>Similar names that the kernel has.</summary>
    public IReadOnlyList<string> Near { get; init; } = [];
}

/// <summary>The public description of a CO-RE relocation: an instruction with a number that depends on the kernel's types, and its result.</summary>
internal sealed record RelocationResult
{
    /// <summary>The function that contains the instruction.</summary>
    public required string Function { get; init; }

    /// <summary>The number of the instruction in the function, from 0.</summary>
    public required int Instruction { get; init; }

    /// <summary>The number of the relocation in its section, from 0, as in libbpf's log.</summary>
    public required int Number { get; init; }

    /// <summary>The requested property: <c>offset</c>, <c>size</c>, <c>existence</c>, <c>sign</c>, <c>shift</c>, <c>type id</c>, <c>match</c> or <c>value</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>The target: a C type and the path to a member or an enumerator, such as <c>struct task_struct.comm[0]</c>.</summary>
    public required string Subject { get; init; }

    /// <summary>The source file, as the compiler recorded it; null if unknown.</summary>
    public string? File { get; init; }

    /// <summary>The line number, or 0.</summary>
    public int Line { get; init; }

    /// <summary>The text of the line, or null.</summary>
    public string? SourceText { get; init; }

    /// <summary>The result.</summary>
    public required RelocationState State { get; init; }

    /// <summary>True if the relocation asks whether a field, type or enumerator exists. Such a relocation is never missing.</summary>
    public bool AsksWhether { get; init; }

    /// <summary>The number that the compiler wrote into the instruction.</summary>
    public ulong LocalValue { get; init; }

    /// <summary>The number that libbpf writes into the instruction; 0 if the kernel lacks the target.</summary>
    public ulong TargetValue { get; init; }

    /// <summary>Why the relocation is not resolved, or why the target does not exist; otherwise null.</summary>
    public string? Reason { get; init; }

    /// <summary>Similar names that the kernel has.</summary>
    public IReadOnlyList<string> Near { get; init; } = [];

    /// <summary>
    /// Whether the verifier can reach the instruction on this kernel; false for code behind an existence check that fails on this kernel.
    /// </summary>
    public bool IsReached { get; init; }

    /// <summary>Whether the verifier can reach the instruction if the parameters keep their defaults.</summary>
    public bool IsReachedByDefault { get; init; }

    /// <summary>The position in the source as <c>file:line</c>; else function and instruction.</summary>
    public string Place => File is null ? $"{Function}, instruction {Instruction}" : $"{File}:{Line}";

    internal int Section { get; init; }

    internal int Offset { get; init; }
}

/// <summary>The result of a CO-RE relocation on a kernel.</summary>
internal enum RelocationState
{
    /// <summary>The instruction gets its number.</summary>
    Resolved,

    /// <summary>
    /// The kernel lacks the target. libbpf inserts an invalid instruction, which the verifier rejects if it is reachable,
    /// and which is harmless behind an existence check.
    /// </summary>
    Missing,

    /// <summary>libbpf refuses the whole object.</summary>
    Refused,
}
