namespace Bee.Cmdlets;

/// <summary>What a background program is doing.</summary>
public enum BpfProgramState
{
    /// <summary>Attached, and its events are collected.</summary>
    Running,

    /// <summary>Its duration or its number of events was reached, or it had only so much to say. It is detached.</summary>
    Completed,

    /// <summary>It was stopped. It is detached.</summary>
    Stopped,

    /// <summary>Reading it failed; <see cref="BpfProgramSession.Error"/> says why. It is detached, unless it is pinned.</summary>
    Failed,

    /// <summary>Attached and kept by its pins; this process does not collect its events.</summary>
    Pinned,

    /// <summary>Something on the BPF file system that is no program of Bee's, or one that cannot be read; <see cref="BpfProgramSession.Error"/> says why.</summary>
    Unknown,
}
