using Bee.Ebpf.Btf;
using Bee.Ebpf.Host;

namespace Bee.Toolchain.Skeletons;

/// <summary>The fields of a tracepoint's record, from the kernel's types.</summary>
internal static class TracepointShape
{
    private const string StructPrefix = "trace_event_raw_", StringPrefix = "__data_loc_";

    // Longer arrays would leave no room for other fields.
    private const int MostInArray = 64;

    public static TargetShape Read(string target)
    {
        int slash = target.IndexOf('/');
        string group = target[..slash], name = target[(slash + 1)..];
        return group == "syscalls" ? SystemCallShape.Tracepoint(name) : Record(group, name);
    }

    private static TargetShape Record(string group, string name)
    {
        if (KernelTypes.Graph is not { } btf || Find(btf, name, TracepointFormat.Read(group, name)) is not { } record)
        {
            return new TargetShape("int $(function)(void *ctx)") { Unreadable = TracepointFormat.UnreadablePath(group, name) };
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
            // Text of variable length follows the record, and the field holds its position.
            return ValueField.Text(fields.Free(member.Name[StringPrefix.Length..]), "bpf_probe_read_kernel_str", $"(void *)ctx + (ctx->{member.Name} & 0xffff)");
        }

        string name = fields.Free(member.Name);
        return member.Type.Resolve() is BtfArray { Length: > 0 and <= MostInArray } array && array.Element.Resolve() is BtfInt { Size: 1 } letter
            ? new SkeletonField($"{(letter.Name == "char" ? "char" : "u8")} {name}[{array.Length}]", $"bpf_core_read(@, sizeof(@), &ctx->{member.Name});", null, array.Length)
            : ValueField.Scalar(name, member.Type, $"ctx->{member.Name}");
    }

    // Tracepoints of one class share a struct with the class's name, so it is identified by its fields.
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

/// <summary>The arguments of system calls, which the formats of their tracepoints name.</summary>
internal static class SystemCallShape
{
    private const string Entered = "sys_enter_", Left = "sys_exit_", UserText = "bpf_probe_read_user_str";

    // The maximum number of arguments of a system call.
    private const int Most = 6;

    /// <summary>At the tracepoint <c>syscalls/sys_enter_...</c> or <c>syscalls/sys_exit_...</c></summary>
    public static TargetShape Tracepoint(string name)
    {
        var fields = new FieldList();
        if (name.StartsWith(Left, StringComparison.Ordinal))
        {
            fields.Add(new SkeletonField("s64 result", "@ = ctx->ret;", "below zero: an error's number", sizeof(long)));
            return fields.Shape("int $(function)(struct trace_event_raw_sys_exit *ctx)");
        }

        IReadOnlyList<FormatField> arguments = Arguments(name);
        for (int i = 0; i < arguments.Count; i++)
        {
            Add(fields, arguments[i], $"ctx->args[{i}]");
        }

        if (arguments.Count == 0)
        {
            // Only root may read the format; and a pattern matches several calls.
            fields.Add(new SkeletonField("syscall_nr call", "@ = ctx->id;", null, sizeof(int)));
            fields.Add(new SkeletonField("u64 argument", "@ = ctx->args[0];", "the call's first", sizeof(ulong)));
        }

        return fields.Shape("int $(function)(struct trace_event_raw_sys_enter *ctx)") with { Unreadable = arguments.Count == 0 ? Unreadable(name) : null };
    }

    /// <summary>ksyscall: the function of the call, whatever its name on the processor.</summary>
    public static TargetShape Entry(string name)
    {
        var fields = new FieldList();
        var declared = new List<string> { "$(function)" };
        foreach (FormatField argument in Arguments(Entered + name))
        {
            string called = $"{argument.Name}_";
            declared.Add(argument.Type.Contains('*') ? $"const void *{called}" : $"{Number(argument)} {called}");
            Add(fields, argument, called);
        }

        return declared.Count > 1
            ? fields.Shape($"int BPF_KSYSCALL({string.Join(", ", declared)})")
            : new TargetShape("int $(function)(struct pt_regs *ctx)") { Unreadable = Unreadable(Entered + name) };
    }

    private static string? Unreadable(string name) => TracepointFormat.UnreadablePath("syscalls", name);

    private static IReadOnlyList<FormatField> Arguments(string name)
        => [.. TracepointFormat.Read("syscalls", name).Where(field => field.Name != "__syscall_nr").Take(Most)];

    private static void Add(FieldList fields, FormatField field, string expression)
    {
        string name = fields.Free(field.Name);
        if (!field.Type.Contains('*'))
        {
            fields.Add(new SkeletonField($"{Number(field)} {name}", $"@ = {expression};", null, sizeof(ulong)));
        }
        else
        {
            // File names and similar strings end in a NUL; a buffer does not.
            fields.Add(field.Type.Replace(" ", string.Empty) == "constchar*" && !field.Name.Contains("buf", StringComparison.Ordinal)
                ? ValueField.Text(name, UserText, $"(const void *){expression}")
                : ValueField.Pointer(name, expression));
        }
    }

    // The kernel stores each argument in a full register. Only the lower half of an int is valid: -100 is AT_FDCWD, 4294967196 is meaningless.
    private static string Number(FormatField field) => field.Type switch
    {
        "pid_t" or "uid_t" or "gid_t" => field.Type,
        "int" or "clockid_t" or "timer_t" or "key_t" or "mqd_t" or "key_serial_t" => "s32",
        "unsigned" or "unsigned int" or "u32" or "__u32" or "umode_t" or "qid_t" => "u32",
        "size_t" or "unsigned long" or "u64" or "__u64" or "aio_context_t" => "u64",
        _ => "s64",
    };
}
