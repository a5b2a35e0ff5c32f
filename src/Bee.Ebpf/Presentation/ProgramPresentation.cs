namespace Bee.Ebpf;

/// <summary>What an author says about a program. Whatever is null is not said.</summary>
public sealed record ProgramMetadata
{
    /// <summary>Says nothing.</summary>
    public static ProgramMetadata None { get; } = new();

    /// <summary>One sentence about what the program does.</summary>
    public string? Description { get; init; }

    /// <summary>What to attach to in place of what the section's name says, written as there, without the kind: <c>syscalls/sys_enter_openat</c>, <c>tcp_v4_connect</c>.</summary>
    public string? AttachTo { get; init; }

    /// <summary>Of an iterator that gives records: what is said of their fields, by the field's name in C.</summary>
    public IReadOnlyDictionary<string, FieldMetadata> Fields { get; init; } = new Dictionary<string, FieldMetadata>();

    /// <summary>This, and what <paramref name="other"/> says where this says nothing.</summary>
    internal ProgramMetadata Over(ProgramMetadata other) => new()
    {
        Description = Description ?? other.Description,
        AttachTo = AttachTo ?? other.AttachTo,
        Fields = FieldMetadata.Over(Fields, other.Fields),
    };
}
