using Bee.Ebpf.Host;

namespace Bee.Toolchain;

/// <summary>What system calls hand over: their arguments, which the kernel names in the format of their tracepoints.</summary>
internal static class SystemCallShape
{
    private const string Entered = "sys_enter_", Left = "sys_exit_", UserText = "bpf_probe_read_user_str";

    // As many as a system call can have.
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
            // Nobody but root may read the format; and a pattern means several calls.
            fields.Add(new SkeletonField("syscall_nr call", "@ = ctx->id;", null, sizeof(int)));
            fields.Add(new SkeletonField("u64 argument", "@ = ctx->args[0];", "the call's first", sizeof(ulong)));
        }

        return fields.Shape("int $(function)(struct trace_event_raw_sys_enter *ctx)");
    }

    /// <summary>ksyscall: the call's own function, whatever the processor calls it.</summary>
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

        return declared.Count > 1 ? fields.Shape($"int BPF_KSYSCALL({string.Join(", ", declared)})") : new TargetShape("int $(function)(struct pt_regs *ctx)");
    }

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
            // Names of files and the like end in a NUL; a buffer does not.
            fields.Add(field.Type.Replace(" ", string.Empty) == "constchar*" && !field.Name.Contains("buf", StringComparison.Ordinal)
                ? ValueField.Text(name, UserText, $"(const void *){expression}")
                : ValueField.Pointer(name, expression));
        }
    }

    // The kernel keeps each argument in a whole register, and of an int only its lower half means something: -100 is AT_FDCWD, 4294967196 is nothing.
    private static string Number(FormatField field) => field.Type switch
    {
        "pid_t" or "uid_t" or "gid_t" => field.Type,
        "int" or "clockid_t" or "timer_t" or "key_t" or "mqd_t" or "key_serial_t" => "s32",
        "unsigned" or "unsigned int" or "u32" or "__u32" or "umode_t" or "qid_t" => "u32",
        "size_t" or "unsigned long" or "u64" or "__u64" or "aio_context_t" => "u64",
        _ => "s64",
    };
}
