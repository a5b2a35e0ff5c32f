using Bee.Ebpf;

namespace Bee.Toolchain;

/// <summary>What a tracepoint hands to its programs: the fields of its record, from the kernel's types.</summary>
internal static class TracepointShape
{
    private const string StructPrefix = "trace_event_raw_", StringPrefix = "__data_loc_";
    private const string Unknown = "int $(function)(void *ctx)";

    public static TargetShape Read(string target)
    {
        if (target.Split('/') is not [{ Length: > 0 } group, { Length: > 0 } name])
        {
            throw new SkeletonException(SkeletonFault.Target, $"'{target}' is no tracepoint.", "Write group and name, as in sched/sched_switch.");
        }

        IReadOnlyList<FormatField> format = TracepointFormat.Read(group, name);
        return group == "syscalls" ? SystemCall(name, format) : Record(name, format);
    }

    private static TargetShape SystemCall(string name, IReadOnlyList<FormatField> format)
    {
        var fields = new FieldList();
        if (name.StartsWith("sys_exit_", StringComparison.Ordinal))
        {
            fields.Add(new SkeletonField("s64 result", "@ = ctx->ret;", "below zero: an error's number", 8));
            return fields.Shape($"int $(function)(struct {StructPrefix}sys_exit *ctx)");
        }

        FormatField[] arguments = [.. format.Where(field => field.Name != "__syscall_nr")];
        for (int i = 0; i < arguments.Length; i++)
        {
            fields.Add(Argument(arguments[i], $"ctx->args[{i}]"));
        }

        if (arguments.Length == 0)
        {
            // Nobody but root may read the tracepoint's format.
            fields.Add(new SkeletonField("u64 argument", "@ = ctx->args[0];", "the call's first argument", 8));
        }

        return fields.Shape($"int $(function)(struct {StructPrefix}sys_enter *ctx)");
    }

    private static SkeletonField Argument(FormatField field, string expression)
    {
        string name = ValueField.FreeName(field.Name);
        if (!field.Type.Contains('*'))
        {
            // The kernel keeps each argument in a whole register.
            return field.Type.StartsWith("unsigned", StringComparison.Ordinal) || field.Type is "size_t" or "umode_t"
                ? new SkeletonField($"u64 {name}", $"@ = {expression};", null, 8)
                : new SkeletonField($"s64 {name}", $"@ = {expression};", null, 8);
        }

        // Names of files and the like end in a NUL; a buffer does not.
        return field.Type.Replace(" ", string.Empty) == "constchar*" && !field.Name.Contains("buf", StringComparison.Ordinal)
            ? new SkeletonField(
                $"char {name}[{FieldList.StringSize}]", $"bpf_probe_read_user_str(@, sizeof(@), (const void *){expression});", "cut where it is longer", FieldList.StringSize)
            : ValueField.Pointer(field.Name, expression);
    }

    private static TargetShape Record(string name, IReadOnlyList<FormatField> format)
    {
        if (KernelTypes.Graph is not { } btf || Find(btf, name, format) is not { } record)
        {
            return new TargetShape(Unknown);
        }

        var fields = new FieldList();
        foreach (BtfMember member in record.Members.Where(member => member.Name is not ("ent" or "__data" or "")))
        {
            if (Field(member) is { } field)
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

    private static SkeletonField? Field(BtfMember member)
    {
        if (member.Name.StartsWith(StringPrefix, StringComparison.Ordinal))
        {
            string name = ValueField.FreeName(member.Name[StringPrefix.Length..]);
            return new SkeletonField(
                $"char {name}[{FieldList.StringSize}]",
                $"bpf_probe_read_kernel_str(@, sizeof(@), (void *)ctx + (ctx->{member.Name} & 0xffff));",
                "behind the record; cut where it is longer",
                FieldList.StringSize);
        }

        if (member.BitSize == 0 && member.Type.Resolve() is BtfArray { Element: var element, Length: > 0 and <= 64 } array && element.Resolve() is BtfInt { Size: 1 } letter)
        {
            string kind = letter.Name == "char" ? "char" : "u8";
            return new SkeletonField(
                $"{kind} {ValueField.FreeName(member.Name)}[{array.Length}]", $"bpf_core_read(@, sizeof(@), &ctx->{member.Name});", null, array.Length);
        }

        return member.BitSize == 0 ? ValueField.Scalar(member.Name, member.Type, $"ctx->{member.Name}") : null;
    }

    // Tracepoints of one class share a struct, which has the class's name: it is known by its fields then.
    private static BtfStruct? Find(Btf btf, string name, IReadOnlyList<FormatField> format)
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
