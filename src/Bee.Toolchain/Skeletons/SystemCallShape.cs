using Bee.Ebpf;

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

    // The kernel keeps each argument in a whole register; below zero means something in the signed ones.
    private static string Number(FormatField field)
        => field.Type.StartsWith("unsigned", StringComparison.Ordinal) || field.Type is "size_t" or "umode_t" ? "u64" : "s64";
}
