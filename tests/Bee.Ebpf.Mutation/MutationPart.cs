namespace Bee.Ebpf.Mutation;

/// <summary>The part of an object file to mutate.</summary>
public enum MutationPart
{
    /// <summary>All parts.</summary>
    All,

    /// <summary>The section .BTF, which contains the types.</summary>
    Types,

    /// <summary>Functions, lines and relocations: the section .BTF.ext.</summary>
    Extension,
}
