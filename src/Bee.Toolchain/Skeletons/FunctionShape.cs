using Bee.Ebpf.Btf;

namespace Bee.Toolchain.Skeletons;

/// <summary>The arguments that kernel functions, BTF tracepoints and security hooks pass to programs, with the kernel's types.</summary>
internal static class FunctionShape
{
    private const string Traced = "BPF_PROG", Probed = "BPF_KPROBE", ProbedReturn = "BPF_KRETPROBE";

    // libbpf's kprobe macro reads the arguments that processors pass in registers.
    private const int MostProbed = 5;

    // C keywords, and names that the macros and skeletons already use.
    private static readonly HashSet<string> s_reserved =
    [
        "ctx", "event", "key", "latest", "empty", "count", "value", "now", "before", "thread", "record", "target_pid", "result",
        "int", "long", "short", "char", "bool", "new", "default", "register", "unix", "linux",
    ];

    /// <summary>fentry: the arguments.</summary>
    public static TargetShape Entry(string target) => Shape(Traced, Function(target), int.MaxValue, false);

    /// <summary>fexit: the arguments and the result.</summary>
    public static TargetShape Exit(string target) => Shape(Traced, Function(target), int.MaxValue, true);

    /// <summary>lsm: the hook's arguments.</summary>
    public static TargetShape Hook(string target) => Shape(Traced, Function($"bpf_lsm_{target}"), int.MaxValue, false);

    /// <summary>tp_btf and raw_tracepoint: the arguments of the tracepoint, after the kernel's own first pointer.</summary>
    public static TargetShape Tracepoint(string target)
        => KernelTypes.Graph?.Find($"btf_trace_{target}", BtfKind.Typedef)?.Resolve() is BtfPointer { Target: var pointed } && pointed.Resolve() is BtfFunctionPrototype prototype
            ? Shape(Traced, [.. prototype.Parameters.Skip(1)], null, int.MaxValue, false)
            : Shape(Traced, null, int.MaxValue, false);

    /// <summary>kprobe: the arguments.</summary>
    public static TargetShape Probe(string target) => Shape(Probed, Function(target.Split('+')[0]), target.Contains('+') ? 0 : MostProbed, false);

    /// <summary>kretprobe: the result.</summary>
    public static TargetShape ProbeOfReturn(string target) => Shape(ProbedReturn, Function(target), 0, true);

    private static BtfFunctionPrototype? Function(string name) => (KernelTypes.Graph?.Find(name, BtfKind.Function) as BtfFunction)?.Prototype;

    private static TargetShape Shape(string macro, BtfFunctionPrototype? prototype, int most, bool withResult)
        => Shape(macro, prototype?.Parameters ?? [], prototype?.Result, most, withResult);

    private static TargetShape Shape(string macro, IReadOnlyList<(string Name, BtfType Type)> parameters, BtfType? result, int most, bool withResult)
    {
        var arguments = new List<string>();
        var fields = new FieldList();
        int taken = 0;
        for (; taken < parameters.Count && taken < most && IsPlain(parameters[taken].Type); taken++)
        {
            (string name, BtfType type) = parameters[taken];
            name = name.Length > 0 ? name : $"argument{taken + 1}";
            string argument = s_reserved.Contains(name) ? $"{name}_" : name;
            arguments.Add(Declare(type, argument));
            if (type.Resolve() is BtfPointer pointer)
            {
                PointerFields.Add(fields, name, pointer.Target, argument);
            }
            else if (ValueField.Scalar(fields.Free(name), type, argument) is { } field)
            {
                fields.Add(field);
            }
        }

        // The result follows all arguments. If one argument has no plain type, the position of the result is unknown.
        bool reached = macro == ProbedReturn || taken == parameters.Count;
        if (withResult && reached && result is not null and not BtfVoid && IsPlain(result))
        {
            arguments.Add(Declare(result, "result"));
            if (ValueField.Scalar(fields.Free("result"), result, "result") is { } field)
            {
                fields.Add(field);
            }
        }

        return fields.Shape($"int {macro}({string.Join(", ", arguments.Prepend("$(function)"))})");
    }

    private static bool IsPlain(BtfType type) => type.Resolve() is BtfPointer or BtfInt { Size: <= 8 } or BtfEnum { Name.Length: > 0 };

    // Pointers to named types keep their type; pointers to functions and to anonymous structs become addresses.
    private static string Declare(BtfType type, string name)
    {
        if (type.Resolve() is not BtfPointer pointer)
        {
            return $"{ValueField.Spell(type)} {name}";
        }

        string target = pointer.Target.ToString();
        return pointer.Target.Resolve() is BtfFunctionPrototype or BtfArray || target.Contains('{') || target.Contains('(')
            ? $"void *{name}"
            : target.EndsWith('*') ? $"{target}*{name}" : $"{target} *{name}";
    }
}

/// <summary>The values that an iterator passes to its program for each object: the members of its context, from the kernel's types.</summary>
internal static class IteratorShape
{
    /// <summary>The name of the skeleton piece for iterators.</summary>
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
                    // Read the pointer once: the kernel may pass null, and the verifier requires a check.
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

    /// <summary>Returns the pointer that is null in the last call: the first one of the context.</summary>
    public static string? Object(TargetShape shape) => shape.Locals.Count == 0 ? null : shape.Locals[0].Split('*')[1].Split(' ')[0];

    // The pointers are in anonymous unions, which make them eight bytes wide on every processor.
    private static IEnumerable<(string Name, BtfType Type)> Members(BtfStruct record)
        => record.Members.SelectMany(member => member.Name.Length == 0 && member.Type.Resolve() is BtfStruct inner ? Members(inner) : [(member.Name, member.Type)]);
}

/// <summary>Useful fields behind pointers to well-known kernel structs.</summary>
internal static class PointerFields
{
    private const string KernelText = "bpf_probe_read_kernel_str";

    /// <summary>Adds the fields of a pointer: those of its struct, else its address.</summary>
    /// <param name="fields">Receives the fields.</param>
    /// <param name="name">The name of the pointer in the kernel.</param>
    /// <param name="type">The type of its target.</param>
    /// <param name="pointer">A C expression for the pointer.</param>
    public static void Add(FieldList fields, string name, BtfType type, string pointer)
    {
        string Named(string part) => fields.Free($"{name}_{part}");
        string Read(params string[] path) => $"BPF_CORE_READ({pointer}, {string.Join(", ", path)})";
        switch (type.Resolve() is BtfStruct { IsUnion: false } known ? known.Name : string.Empty)
        {
            case "task_struct":
                fields.Add(new SkeletonField($"pid_t {Named("pid")}", $"@ = {Read("tgid")};", null, sizeof(int)));
                fields.Add(new SkeletonField($"char {Named("comm")}[16]", $"{KernelText}(@, sizeof(@), {pointer}->comm);", null, 16));
                break;
            case "file":
                fields.Add(ValueField.Text(Named("name"), KernelText, Read("f_path.dentry", "d_name.name")));
                break;
            case "path":
                fields.Add(ValueField.Text(Named("name"), KernelText, Read("dentry", "d_name.name")));
                break;
            case "dentry":
                fields.Add(ValueField.Text(Named("name"), KernelText, Read("d_name.name")));
                break;
            case "filename":
                fields.Add(ValueField.Text(fields.Free(name), KernelText, Read("name")));
                break;
            case "linux_binprm":
                fields.Add(ValueField.Text(Named("file"), KernelText, Read("filename")));
                break;
            case "sock":
                fields.Add(new SkeletonField($"ipv4_addr {Named("remote")}", $"@ = {Read("__sk_common.skc_daddr")};", null, sizeof(uint)));
                fields.Add(new SkeletonField($"net_port {Named("port")}", $"@ = {Read("__sk_common.skc_dport")};", "the other side's", sizeof(ushort)));
                break;
            case "sock_common":
                fields.Add(new SkeletonField($"ipv4_addr {Named("remote")}", $"@ = {Read("skc_daddr")};", null, sizeof(uint)));
                fields.Add(new SkeletonField($"net_port {Named("port")}", $"@ = {Read("skc_dport")};", "the other side's", sizeof(ushort)));
                break;
            case "sk_buff":
                fields.Add(new SkeletonField($"byte_size {Named("length")}", $"@ = {Read("len")};", null, sizeof(ulong)));
                break;
            case "bpf_map":
                fields.Add(new SkeletonField($"u32 {Named("id")}", $"@ = {Read("id")};", null, sizeof(uint)));
                fields.Add(new SkeletonField($"char {Named("name")}[16]", $"{KernelText}(@, sizeof(@), {pointer}->name);", null, 16));
                break;
            case "bpf_prog":
                fields.Add(new SkeletonField($"u32 {Named("id")}", $"@ = {Read("aux", "id")};", null, sizeof(uint)));
                fields.Add(new SkeletonField($"char {Named("name")}[16]", $"{KernelText}(@, sizeof(@), {pointer}->aux->name);", null, 16));
                break;
            case "bpf_link":
                fields.Add(new SkeletonField($"u32 {Named("id")}", $"@ = {Read("id")};", null, sizeof(uint)));
                break;
            default:
                fields.Add(ValueField.Pointer(fields.Free(name), pointer));
                break;
        }
    }
}
