namespace Bee.Ebpf;

/// <summary>Which keys a write is for.</summary>
public enum MapWriteMode
{
    /// <summary>Any key: it is created or overwritten.</summary>
    Any,

    /// <summary>Keys that are not there yet (BPF_NOEXIST).</summary>
    OnlyNew,

    /// <summary>Keys that are there (BPF_EXIST). Of a queue or stack that is full, the oldest value makes room.</summary>
    OnlyExisting,
}
