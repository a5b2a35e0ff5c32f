namespace Bee.Ebpf;

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
