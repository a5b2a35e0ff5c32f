namespace Bee.Ebpf;

/// <summary>The kinds of BTF types, with the kernel's numbers (BTF_KIND_*, include/uapi/linux/btf.h).</summary>
public enum BtfKind
{
    /// <summary>void, the type with id 0; it has no record in the section.</summary>
    Void = 0,
    /// <summary>An integer, a character or a boolean.</summary>
    Int = 1,
    /// <summary>A pointer.</summary>
    Pointer = 2,
    /// <summary>An array of a fixed length.</summary>
    Array = 3,
    /// <summary>A struct.</summary>
    Struct = 4,
    /// <summary>A union.</summary>
    Union = 5,
    /// <summary>An enum with values of 32 bits.</summary>
    Enum = 6,
    /// <summary>A struct or union that is declared and not defined.</summary>
    Forward = 7,
    /// <summary>A typedef.</summary>
    Typedef = 8,
    /// <summary>volatile.</summary>
    Volatile = 9,
    /// <summary>const.</summary>
    Const = 10,
    /// <summary>restrict.</summary>
    Restrict = 11,
    /// <summary>A function, whose type is a prototype.</summary>
    Function = 12,
    /// <summary>A function's parameters and result.</summary>
    FunctionPrototype = 13,
    /// <summary>A global variable.</summary>
    Variable = 14,
    /// <summary>A section of an object file and the variables in it.</summary>
    DataSection = 15,
    /// <summary>float, double or long double.</summary>
    Float = 16,
    /// <summary>btf_decl_tag: text attached to a declaration.</summary>
    DeclarationTag = 17,
    /// <summary>btf_type_tag: text attached to a type.</summary>
    TypeTag = 18,
    /// <summary>An enum with values of 64 bits.</summary>
    Enum64 = 19,
}
