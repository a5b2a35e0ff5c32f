namespace Bee.Ebpf;

/// <summary>What an author says about a program. Whatever is null is not said.</summary>
public sealed record ProgramPresentation
{
    /// <summary>Says nothing.</summary>
    public static ProgramPresentation None { get; } = new();

    /// <summary>One sentence about what the program does.</summary>
    public string? Description { get; init; }

    /// <summary>What to attach to in place of what the section's name says, written as there, without the kind: <c>syscalls/sys_enter_openat</c>, <c>tcp_v4_connect</c>.</summary>
    public string? AttachTo { get; init; }

    /// <summary>Of an iterator that gives records: what is said of their fields, by the field's name in C.</summary>
    public IReadOnlyDictionary<string, FieldPresentation> Fields { get; init; } = new Dictionary<string, FieldPresentation>();

    /// <summary>This, and what <paramref name="other"/> says where this says nothing.</summary>
    internal ProgramPresentation Over(ProgramPresentation other) => new()
    {
        Description = Description ?? other.Description,
        AttachTo = AttachTo ?? other.AttachTo,
        Fields = FieldPresentation.Over(Fields, other.Fields),
    };
}
