using Bee.Ebpf.Btf;

namespace Bee.Toolchain.Vmlinux;

/// <summary>
/// Checks that libbpf's dump of a type graph terminates. libbpf recurses from type to type and stops only at the
/// names of structs. A pointer that leads to itself without a struct in between, which C cannot express, would overflow the stack.
/// </summary>
internal sealed class DumpableTypes
{
    /// <summary>The kernel's own types nest at most about 30 deep.</summary>
    private const int Deepest = 400;

    /// <summary>More than any struct of a kernel needs. Gaps between members become padding, one line per 8 bytes.</summary>
    private const int Largest = 1 << 24;

    private const byte Underway = 1;
    private const byte Done = 2;

    /// <summary>Two states per type, because the target of a pointer may end at a struct's name.</summary>
    private readonly byte[] _states;

    private DumpableTypes(BtfSpec types) => _states = new byte[2 * types.Types.Count];

    /// <exception cref="InvalidDataException">The dump would not terminate.</exception>
    internal static void Check(BtfSpec types)
    {
        var check = new DumpableTypes(types);
        foreach (var type in types.Types)
        {
            check.Visit(type, behindPointer: false, 0);
        }
    }

    private void Visit(BtfType type, bool behindPointer, int depth)
    {
        var slot = 2 * type.Id + (behindPointer ? 1 : 0);
        var named = type is BtfStruct && type.Name.Length > 0;
        if (_states[slot] == Done || (named && behindPointer))
        {
            return;
        }

        if (_states[slot] == Underway || depth > Deepest)
        {
            throw new InvalidDataException($"Type {type.Id} refers to itself, or nests more than {Deepest} types deep.");
        }

        if (type is BtfStruct && type.Size > Largest)
        {
            throw new InvalidDataException($"Type {type.Id} claims to be {type.Size} bytes large.");
        }

        _states[slot] = Underway;
        switch (type)
        {
            case BtfPointer pointer:
                Visit(pointer.Target, behindPointer: true, depth + 1);
                break;
            case BtfArray array:
                Visit(array.Element, behindPointer: false, depth + 1);
                break;
            case BtfTypedef alias:
                Visit(alias.Target, behindPointer, depth + 1);
                break;
            case BtfModifier modifier:
                Visit(modifier.Target, behindPointer, depth + 1);
                break;
            case BtfStruct container:
                foreach (var member in container.Members)
                {
                    Visit(member.Type, behindPointer: false, depth + 1);
                }

                break;
            case BtfFunctionPrototype function:
                Visit(function.Result, behindPointer, depth + 1);
                foreach (var (_, parameter) in function.Parameters)
                {
                    Visit(parameter, behindPointer, depth + 1);
                }

                break;
        }

        _states[slot] = Done;
    }
}
