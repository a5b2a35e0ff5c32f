namespace Bee.Ebpf.Mutation;

/// <summary>The part of an object file to mutate.</summary>
public enum MutationPart
{
    /// <summary>All parts.</summary>
    All,

    /// <summary>The types: the section .BTF.</summary>
    Types,

    /// <summary>Functions, lines and relocations: the section .BTF.ext.</summary>
    Extension,
}
