using Bee.Ebpf.Btf;

namespace Bee.Toolchain;

/// <summary>What kernel functions, tracepoints with their own arguments and security hooks hand to their programs: the arguments, with the kernel's types.</summary>
internal static class FunctionShape
{
    private const string Traced = "BPF_PROG", Probed = "BPF_KPROBE", ProbedReturn = "BPF_KRETPROBE";

    // libbpf's macro for kprobes reads what processors pass in registers.
    private const int MostProbed = 5;

    // Words of C and names that the macros and the skeletons use for something else.
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

    /// <summary>tp_btf and raw_tracepoint: what the kernel passes to the tracepoint, behind a pointer of the kernel's own.</summary>
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

        // The result stands behind all arguments; where one has no plain type, its place is not known here.
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

    // Pointers to what has a name keep it; pointers to functions and to structs without a name are addresses.
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
