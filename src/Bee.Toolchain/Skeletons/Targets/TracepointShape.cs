using Bee.Ebpf.Btf;
using Bee.Ebpf.Host;

namespace Bee.Toolchain;

/// <summary>What a tracepoint hands to its programs: the fields of its record, from the kernel's types.</summary>
internal static class TracepointShape
{
    private const string StructPrefix = "trace_event_raw_", StringPrefix = "__data_loc_";

    // Longer arrays would not leave room for others.
    private const int MostInArray = 64;

    public static TargetShape Read(string target)
    {
        int slash = target.IndexOf('/');
        string group = target[..slash], name = target[(slash + 1)..];
        return group == "syscalls" ? SystemCallShape.Tracepoint(name) : Record(name, TracepointFormat.Read(group, name));
    }

    private static TargetShape Record(string name, IReadOnlyList<FormatField> format)
    {
        if (KernelTypes.Graph is not { } btf || Find(btf, name, format) is not { } record)
        {
            return new TargetShape("int $(function)(void *ctx)");
        }

        var fields = new FieldList();
        foreach (BtfMember member in record.Members.Where(member => member.Name is not ("ent" or "__data" or "")))
        {
            if (Field(fields, member) is { } field)
            {
                fields.Add(field);
            }
            else
            {
                fields.LeaveOut(member.Name);
            }
        }

        return fields.Shape($"int $(function)(struct {record.Name} *ctx)");
    }

    private static SkeletonField? Field(FieldList fields, BtfMember member)
    {
        if (member.BitSize != 0)
        {
            return null;
        }

        if (member.Name.StartsWith(StringPrefix, StringComparison.Ordinal))
        {
            // Text of any length stands behind the record, and the field says where.
            return ValueField.Text(fields.Free(member.Name[StringPrefix.Length..]), "bpf_probe_read_kernel_str", $"(void *)ctx + (ctx->{member.Name} & 0xffff)");
        }

        string name = fields.Free(member.Name);
        return member.Type.Resolve() is BtfArray { Length: > 0 and <= MostInArray } array && array.Element.Resolve() is BtfInt { Size: 1 } letter
            ? new SkeletonField($"{(letter.Name == "char" ? "char" : "u8")} {name}[{array.Length}]", $"bpf_core_read(@, sizeof(@), &ctx->{member.Name});", null, array.Length)
            : ValueField.Scalar(name, member.Type, $"ctx->{member.Name}");
    }

    // Tracepoints of one class share a struct, which has the class's name: it is known by its fields then.
    private static BtfStruct? Find(BtfSpec btf, string name, IReadOnlyList<FormatField> format)
    {
        if (btf.Find(StructPrefix + name, BtfKind.Struct) is BtfStruct own)
        {
            return own;
        }

        string[] wanted = [.. format.Select(field => field.IsDataLocation ? StringPrefix + field.Name : field.Name)];
        return wanted.Length == 0 ? null : btf.Types.OfType<BtfStruct>().FirstOrDefault(type =>
            type.Name.StartsWith(StructPrefix, StringComparison.Ordinal)
            && type.Members.Select(member => member.Name).Where(member => member is not ("ent" or "__data")).SequenceEqual(wanted));
    }
}
