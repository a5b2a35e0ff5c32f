using System.Buffers.Binary;
using System.Collections;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Records;

/// <summary>The type of the context that a program receives in a test run. Encodes typed values into its bytes, and decodes them.</summary>
internal sealed class ContextType
{
    // MAX_BPF_FUNC_ARGS in include/linux/bpf.h.
    private const int MostArguments = 12;
    private const string DataEnd = "data_end";

    private readonly ProgramDescription _program;
    private readonly TestRunKind _kind;
    private readonly BtfType? _type;
    private readonly ValueShape? _shape;

    private ContextType(ProgramDescription program, TestRunKind kind, BtfType? type)
    {
        _program = program;
        _kind = kind;
        _type = type;
        _shape = type is null ? null : ShapeReader.Read(type, Label);
    }

    /// <summary>The size of the context in bytes; 0 if it is not known.</summary>
    public int Size => _kind.Type == ProgramType.RawTracepoint ? MostArguments * sizeof(ulong) : _shape?.Size ?? 0;

    private string Label => _kind.ContextName ?? "context";

    /// <summary>Finds the context type of a program: a struct of the kernel, by name in the object and then in the kernel's BTF; for other programs, the type of the function's parameter.</summary>
    /// <exception cref="BpfObjectException">The BTF type is inconsistent.</exception>
    public static ContextType Of(ObjectFile file, ProgramDescription program, TestRunKind kind) => new(program, kind, kind switch
    {
        { ContextName: { } name } => Struct(file.Btf, name) ?? Struct(Kernel(), name),
        { Type: ProgramType.Syscall } => Parameter(file.Btf, program.Name),
        _ => null,
    });

    /// <summary>Encodes a context.</summary>
    /// <param name="value">Bytes, the fields of the struct by name, or a list of arguments; null for none.</param>
    /// <param name="data">The size of the packet in bytes.</param>
    /// <returns>The bytes; empty if the run needs no context.</returns>
    /// <exception cref="BpfTestException">The value does not fit the type.</exception>
    public byte[] Encode(object? value, int data)
    {
        if (value is null && _kind.NeedsContext)
        {
            throw Fault($"a {_kind.Name} program does not run without a context.", $"Give the fields of struct {_kind.ContextName}, such as family, protocol, local_port.");
        }

        var bytes = value switch
        {
            byte[] raw => raw,
            ReadOnlyMemory<byte> raw => raw.ToArray(),
            // An all-zero state of a netfilter hook is invalid.
            null when _kind.Type == ProgramType.Netfilter => [],
            null => new byte[Size],
            _ when _kind.Type == ProgramType.RawTracepoint => Arguments(value),
            _ => Typed(value),
        };
        if (_kind.Type == ProgramType.Xdp && _shape is ObjectShape { Struct: var fields } && fields.Fields.FirstOrDefault(field => field.Name == DataEnd) is { Offset: var end }
            && bytes.Length >= end + sizeof(uint) && BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(end)) == 0)
        {
            // The kernel requires the length of the packet here, whatever the other fields are.
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(end), (uint)data);
        }

        return bytes;
    }

    /// <summary>Decodes a context into an object with a property for each field; returns null if the type is not known, or the context is too short.</summary>
    /// <exception cref="BpfObjectException">The BTF type is inconsistent.</exception>
    public BpfEvent? Decode(ReadOnlySpan<byte> bytes) =>
        _type is null || RecordType.ForStruct(_type, Label) is not { } record || bytes.Length < record.Size ? null : record.Decode(bytes);

    private static BtfSpec? Kernel()
    {
        try
        {
            return BtfSpec.ReadKernel();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or BpfObjectException)
        {
            // Without the kernel's BTF the context can only be given as bytes.
            return null;
        }
    }

    private static BtfStruct? Struct(BtfSpec? types, string name) => types?.Find(name, BtfKind.Struct) is BtfStruct { Size: > 0 } found ? found : null;

    private static BtfType? Parameter(BtfSpec? types, string function) =>
        types?.Find(function, BtfKind.Function) is BtfFunction { Prototype.Parameters: [var (_, type), ..] } && type.Resolve() is BtfPointer { Target: var target }
            && target.Resolve() is { Size: > 0 } and not (BtfVoid or BtfForward or BtfFunctionPrototype) ? target : null;

    private byte[] Typed(object value)
    {
        if (_shape is null)
        {
            throw Fault(
                "its context has no type that is known here.",
                _kind.Type == ProgramType.Syscall ? "Give bytes, or declare the function's parameter as a pointer to the struct that it takes." : "Give bytes.");
        }

        var bytes = new byte[_shape.Size];
        try
        {
            ValueEncoder.Write(_shape, value, bytes);
            return bytes;
        }
        catch (EncodeException fault)
        {
            throw Fault($"the context ({_type}) {fault.Message}");
        }
    }

    private byte[] Arguments(object value)
    {
        var items = Structured.Of(value) is IEnumerable list and not (string or IDictionary) ? list.Cast<object?>().ToArray() : [value];
        if (items.Length > MostArguments)
        {
            throw Fault($"a raw tracepoint has at most {MostArguments} arguments, and {items.Length} are given.");
        }

        var bytes = new byte[MostArguments * sizeof(ulong)];
        for (var i = 0; i < items.Length; i++)
        {
            try
            {
                var number = IntegerParser.Parse(items[i], "a number of 64 bits");
                if (number < long.MinValue || number > ulong.MaxValue)
                {
                    throw new EncodeException($"{number} does not fit into 64 bits.");
                }

                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(i * sizeof(ulong)), (ulong)(number & ulong.MaxValue));
            }
            catch (EncodeException fault)
            {
                throw Fault($"argument {i} of the raw tracepoint {fault.Message}", "The context of a raw tracepoint is a list of its arguments, each a number of 64 bits.");
            }
        }

        return bytes;
    }

    private BpfTestException Fault(string message, string? remedy = null) =>
        new(TestFault.BadContext, _program.Name, $"Program '{_program.Name}' ({_program.SectionName}) cannot be run: {message}", remedy);
}
