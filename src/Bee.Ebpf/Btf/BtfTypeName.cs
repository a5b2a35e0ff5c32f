using System.Text;

namespace Bee.Ebpf.Btf;

/// <summary>Formats types in C syntax.</summary>
internal static class BtfTypeName
{
    // Anonymous prototypes may form cycles, and fan out. Types in real source have fewer parts.
    private const int MaxParts = 100, MaxMembers = 16;

    public static string Of(BtfType type)
    {
        var parts = MaxParts;
        return Declare(type, "", ref parts);
    }

    /// <summary>Formats the type without const, volatile and restrict around it or around an array's elements, and writes the members of an anonymous struct.</summary>
    public static string Plain(BtfType type)
    {
        var suffix = "";
        var parts = MaxParts;
        while (true)
        {
            switch (type)
            {
                case BtfModifier modifier:
                    type = modifier.Target;
                    break;
                case BtfArray array:
                    suffix += $"[{(array.Length == 0 ? "" : array.Length)}]";
                    type = array.Element;
                    break;
                case BtfStruct { Name.Length: 0 } structure:
                    return Join(Members(structure), suffix);
                default:
                    return Declare(type, suffix, ref parts);
            }
        }
    }

    private static string Members(BtfStruct structure)
    {
        var members = structure.Members.Take(MaxMembers).Select(member =>
        {
            var parts = MaxParts;
            return Declare(member.Type, member.Name, ref parts) + (member.BitSize > 0 ? $":{member.BitSize};" : ";");
        });
        return $"{(structure.IsUnion ? "union" : "struct")} {{ {string.Join(' ', members)}{(structure.Members.Count > MaxMembers ? " ..." : "")} }}";
    }

    // C declares from the inside out: the declarator so far goes around or after the type's name.
    private static string Declare(BtfType type, string declarator, ref int parts)
    {
        if (--parts < 0)
        {
            return "..." + declarator;
        }

        switch (type)
        {
            case BtfPointer pointer:
                var inner = pointer.Target is BtfArray or BtfFunctionPrototype ? $"(*{declarator})" : "*" + declarator;
                return Declare(pointer.Target, inner, ref parts);
            case BtfArray array:
                return Declare(array.Element, $"{declarator}[{(array.Length == 0 ? "" : array.Length)}]", ref parts);
            case BtfModifier { Kind: BtfKind.TypeTag } tag:
                return Declare(tag.Target, declarator, ref parts);
            case BtfModifier { Target: BtfPointer } modifier:
                return Declare(modifier.Target, Join(Keyword(modifier.Kind), declarator), ref parts);
            case BtfModifier modifier:
                return Keyword(modifier.Kind) + " " + Declare(modifier.Target, declarator, ref parts);
            case BtfFunctionPrototype prototype:
                var parameters = new StringBuilder();
                foreach (var (name, parameter) in prototype.Parameters)
                {
                    parameters.Append(parameters.Length == 0 ? "" : ", ");
                    if (parts <= 0)
                    {
                        parameters.Append("...");
                        break;
                    }

                    parameters.Append(name.Length == 0 && parameter is BtfVoid ? "..." : Declare(parameter, "", ref parts));
                }

                return Declare(prototype.Result, $"{declarator}({(parameters.Length == 0 ? "void" : parameters)})", ref parts);
            case BtfVariable variable:
                return Declare(variable.Type, declarator, ref parts);
            default:
                return Join(Bare(type), declarator);
        }
    }

    private static string Bare(BtfType type) => type switch
    {
        BtfVoid => "void",
        BtfStruct { IsUnion: true } or BtfForward { IsUnion: true } => Tagged("union", type.Name),
        BtfStruct or BtfForward => Tagged("struct", type.Name),
        BtfEnum => Tagged("enum", type.Name),
        _ => type.Name,
    };

    private static string Tagged(string keyword, string name) => name.Length == 0 ? keyword + " {...}" : keyword + " " + name;

    private static string Keyword(BtfKind kind) => kind switch
    {
        BtfKind.Const => "const",
        BtfKind.Volatile => "volatile",
        _ => "restrict",
    };

    private static string Join(string word, string declarator) =>
        declarator.Length == 0 || declarator[0] == '[' || declarator[0] == '(' && !declarator.StartsWith("(*", StringComparison.Ordinal)
            ? word + declarator
            : word + " " + declarator;
}
