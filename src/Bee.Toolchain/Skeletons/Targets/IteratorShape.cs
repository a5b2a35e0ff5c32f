using Bee.Ebpf.Btf;

namespace Bee.Toolchain;

/// <summary>What an iterator hands to its program for each object: the members of its context, from the kernel's types.</summary>
internal static class IteratorShape
{
    /// <summary>The piece of iterators.</summary>
    public const string Subject = "iterator";

    public static TargetShape Read(string target)
    {
        string context = $"bpf_iter__{target}";
        var fields = new FieldList();
        var locals = new List<string>();
        if (KernelTypes.Graph?.Find(context, BtfKind.Struct) is BtfStruct record)
        {
            foreach ((string name, BtfType type) in Members(record).Where(member => member.Name != "meta"))
            {
                if (type.Resolve() is BtfPointer { Target: var pointed } && pointed.Resolve() is BtfStruct { Name.Length: > 0 } known)
                {
                    // Read once: the kernel says of this pointer that it may be null, and wants it checked.
                    locals.Add($"struct {known.Name} *{name} = ctx->{name};");
                    PointerFields.Add(fields, name, pointed, name);
                }
                else if (ValueField.Scalar(fields.Free(name), type, $"ctx->{name}") is { } field)
                {
                    fields.Add(field);
                }
            }
        }

        return fields.Shape($"int $(function)(struct {context} *ctx)") with { Locals = locals };
    }

    /// <summary>The pointer that is null in the last call: the first of the context.</summary>
    public static string? Object(TargetShape shape) => shape.Locals.Count == 0 ? null : shape.Locals[0].Split('*')[1].Split(' ')[0];

    // Pointers stand in unions without a name, which give them eight bytes on every processor.
    private static IEnumerable<(string Name, BtfType Type)> Members(BtfStruct record)
        => record.Members.SelectMany(member => member.Name.Length == 0 && member.Type.Resolve() is BtfStruct inner ? Members(inner) : [(member.Name, member.Type)]);
}
