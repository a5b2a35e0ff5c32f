namespace Bee.Ebpf.Mutation;

/// <summary>Which part of an object file is damaged.</summary>
public enum MutationPart
{
    /// <summary>Any.</summary>
    All,

    /// <summary>The types: the section .BTF.</summary>
    Types,

    /// <summary>Functions, lines and relocations: the section .BTF.ext.</summary>
    Extension,
}
