namespace Bee.Ebpf;

/// <summary>The kinds of symbols that matter here (STT_*).</summary>
internal enum ElfSymbolType
{
    None = 0,
    Object = 1,
    Function = 2,
    Section = 3,
    File = 4,
}

/// <summary>Who sees a symbol (STB_*).</summary>
internal enum ElfBinding
{
    Local = 0,
    Global = 1,
    Weak = 2,
}

/// <summary>A symbol. Where its section is a real one, value and size were checked to lie within it.</summary>
internal sealed record ElfSymbol(
    string Name, ElfSymbolType Type, ElfBinding Binding, int Section, long Value, long Size)
{
    /// <summary>True for what other files define: the kernel, or its configuration.</summary>
    public bool IsExtern =>
        Section == 0 && Type == ElfSymbolType.None && Binding is (ElfBinding.Global or ElfBinding.Weak) && Name.Length > 0;
}

/// <summary>A relocation of BPF (R_BPF_*): a place in a section, and the symbol whose address belongs there.</summary>
internal readonly record struct ElfRelocation(long Offset, int Symbol, int Type);
