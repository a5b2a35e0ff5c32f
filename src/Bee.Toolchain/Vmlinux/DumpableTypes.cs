using Bee.Ebpf.Btf;

namespace Bee.Toolchain.Vmlinux;

/// <summary>
/// Sees to it that libbpf's dump of a graph of types comes to an end. It walks from type to type by recursion and stops at the
/// names of structs only, so a pointer that leads to itself without a struct between, which no C can say, overflows the stack.
/// </summary>
internal sealed class DumpableTypes
{
    /// <summary>The kernel's own types are at most some 30 deep.</summary>
    private const int Deepest = 400;

    /// <summary>More than any struct of a kernel has. Gaps between members become padding, a line for each 8 bytes.</summary>
    private const int Largest = 1 << 24;

    private const byte Underway = 1;
    private const byte Done = 2;

    /// <summary>For each type twice, since what is behind a pointer may end at a struct's name.</summary>
    private readonly byte[] _states;

    private DumpableTypes(BtfSpec types) => _states = new byte[2 * types.Types.Count];

    /// <exception cref="InvalidDataException">The dump would not end.</exception>
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
            throw new InvalidDataException($"Type {type.Id} leads to itself, or to others more than {Deepest} deep.");
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
