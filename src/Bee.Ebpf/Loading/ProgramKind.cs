namespace Bee.Ebpf;

/// <summary>One way in which Bee attaches programs.</summary>
public sealed record ProgramKind
{
    /// <summary>The kind, as <see cref="ProgramDescription.Kind"/> has it: <c>tracepoint</c>, <c>uprobe</c>, <c>xdp</c>, <c>cgroup/connect4</c>.</summary>
    public required string Name { get; init; }

    /// <summary>How its section is written, capitals standing for what the author fills in: <c>tracepoint/CATEGORY/NAME</c>, <c>xdp</c>.</summary>
    public required string Section { get; init; }

    /// <summary>The kernel's type.</summary>
    public required ProgramType Type { get; init; }

    /// <summary>What it attaches to.</summary>
    public required AttachTarget Target { get; init; }

    /// <summary>When such a program runs, in a few words.</summary>
    public required string Description { get; init; }

    /// <summary>True where the section names the target.</summary>
    public bool HasTargetInSection => Section.Length > Name.Length;

    /// <summary>True where a run must name an interface (<see cref="AttachOptions.Interfaces"/>).</summary>
    public bool NeedsInterface => Target == AttachTarget.Interface;

    /// <summary>True where a run must name a control group (<see cref="AttachOptions.Cgroup"/>).</summary>
    public bool NeedsCgroup { get; init; }

    /// <summary>True where a run must name a network namespace (<see cref="AttachOptions.NetworkNamespace"/>). Interfaces are looked for in it too.</summary>
    public bool NeedsNetworkNamespace => Target == AttachTarget.NetworkNamespace;

    /// <summary>True where <see cref="AttachOptions.ProcessId"/> narrows it to one process.</summary>
    public bool NarrowsToProcess => Target is AttachTarget.UserFunction or AttachTarget.UserProbe || Type == ProgramType.PerfEvent;

    /// <summary>The kernel's attach type (BPF_* in enum bpf_attach_type), for kinds whose sections some versions of libbpf do not know; null where all do.</summary>
    internal int? AttachType { get; init; }

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
