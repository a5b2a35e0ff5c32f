namespace Bee.Ebpf.Links;

/// <summary>The attach options of a session. Each property has the meaning of the property of <c>BpfSessionOptions</c> with the same name.</summary>
internal sealed record AttachOptions
{
    public int? ProcessId { get; init; }

    public int? SampleFrequency { get; init; }

    public IReadOnlyList<string> Interfaces { get; init; } = [];

    public string? Cgroup { get; init; }

    public string? NetworkNamespace { get; init; }

    public IReadOnlyDictionary<string, string> AttachTo { get; init; } = new Dictionary<string, string>();

    public IReadOnlyDictionary<string, bool> Load { get; init; } = new Dictionary<string, bool>();

    public bool PreferTyped { get; init; }

    public Func<string, string, string>? ResolvePath { get; init; }

    public Action<string>? Warn { get; init; }

    public Action<string>? Note { get; init; }

    public Action<string>? Log { get; init; }
}
