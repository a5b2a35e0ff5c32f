using System.Text;

namespace Bee.Ebpf;

/// <summary>Writes types as C does.</summary>
internal static class BtfTypeName
{
    // Pointers may form rings through anonymous prototypes only; those are rare, and cut here.
    private const int MaxDepth = 16;

    public static string Of(BtfType type) => Declare(type, "", 0);

    /// <summary>The same without const, volatile and restrict around the type itself, or around the elements of an array.</summary>
    public static string Plain(BtfType type)
    {
        var suffix = "";
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
                default:
                    return Declare(type, suffix, 0);
            }
        }
    }

    // C declares from the inside out: what is known of the declarator so far goes around or after the type's name.
    private static string Declare(BtfType type, string declarator, int depth)
    {
        if (depth > MaxDepth)
        {
            return "..." + declarator;
        }

        switch (type)
        {
            case BtfPointer pointer:
                var inner = pointer.Target is BtfArray or BtfFunctionPrototype ? $"(*{declarator})" : "*" + declarator;
                return Declare(pointer.Target, inner, depth + 1);
            case BtfArray array:
                return Declare(array.Element, $"{declarator}[{(array.Length == 0 ? "" : array.Length)}]", depth + 1);
            case BtfModifier { Kind: BtfKind.TypeTag } tag:
                return Declare(tag.Target, declarator, depth + 1);
            case BtfModifier { Target: BtfPointer } modifier:
                return Declare(modifier.Target, Join(Keyword(modifier.Kind), declarator), depth + 1);
            case BtfModifier modifier:
                return Keyword(modifier.Kind) + " " + Declare(modifier.Target, declarator, depth + 1);
            case BtfFunctionPrototype prototype:
                var parameters = new StringBuilder();
                foreach (var (name, parameter) in prototype.Parameters)
                {
                    parameters.Append(parameters.Length == 0 ? "" : ", ");
                    parameters.Append(name.Length == 0 && parameter is BtfVoid ? "..." : Declare(parameter, "", depth + 1));
                }

                return Declare(prototype.Result, $"{declarator}({(parameters.Length == 0 ? "void" : parameters)})", depth + 1);
            case BtfVariable variable:
                return Declare(variable.Type, declarator, depth + 1);
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
