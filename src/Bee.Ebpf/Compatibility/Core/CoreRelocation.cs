namespace Bee.Ebpf;

/// <summary>What a CO-RE relocation asks the kernel's types for, with the compiler's numbers (enum bpf_core_relo_kind, include/uapi/linux/bpf.h).</summary>
internal enum CoreRelocationKind
{
    FieldOffset = 0,
    FieldSize = 1,
    FieldExists = 2,
    FieldSigned = 3,
    FieldLeftShift = 4,
    FieldRightShift = 5,
    LocalTypeId = 6,
    TargetTypeId = 7,
    TypeExists = 8,
    TypeSize = 9,
    EnumeratorExists = 10,
    EnumeratorValue = 11,
    TypeMatches = 12,
}

/// <summary>An instruction that holds a number which only the kernel that it runs on can tell.</summary>
/// <param name="Section">The index of its section in the ELF file.</param>
/// <param name="Offset">Where the instruction stands in the section, in bytes.</param>
/// <param name="Kind">What is asked for.</param>
/// <param name="Root">The program's own idea of the type.</param>
/// <param name="Path">The way to a member, as indexes of the root's members and their members; for enumerators the one index.</param>
internal sealed record CoreRelocation(int Section, int Offset, CoreRelocationKind Kind, BtfType Root, IReadOnlyList<int> Path)
{
    public bool IsOfField => Kind <= CoreRelocationKind.FieldRightShift;

    public bool IsOfEnumerator => Kind is CoreRelocationKind.EnumeratorExists or CoreRelocationKind.EnumeratorValue;

    public bool IsOfType => !IsOfField && !IsOfEnumerator;

    /// <summary>True for questions to which no is an answer too.</summary>
    public bool AsksWhether =>
        Kind is CoreRelocationKind.FieldExists or CoreRelocationKind.TypeExists or CoreRelocationKind.TypeMatches or CoreRelocationKind.EnumeratorExists;
}
