using System.Runtime.InteropServices;

namespace Bee.Ebpf;

/// <summary>A record type over an emitted class. The decoder is called through a pointer: no delegate, no reflection, no boxing.</summary>
internal sealed unsafe class EmittedRecordType : RecordType
{
    private readonly delegate*<ref byte, int, BpfEvent> _decode;
    private readonly int _size;

    public EmittedRecordType(TypePlan plan, string name)
    {
        Name = name;
        ClrType = EmittedTypes.Class(plan);
        Fields = RecordFields.Of(plan);
        _size = plan.InlineSize;
        _decode = (delegate*<ref byte, int, BpfEvent>)TypeEmitter.DecodeMethod(ClrType).MethodHandle.GetFunctionPointer();
    }

    public override Type ClrType { get; }

    public override string Name { get; }

    public override int Size => _size;

    public override IReadOnlyList<RecordField> Fields { get; }

    public override BpfEvent Decode(ReadOnlySpan<byte> data)
    {
        if (data.Length < _size)
        {
            Short(data.Length);
        }

        return _decode(ref MemoryMarshal.GetReference(data), data.Length);
    }

    private void Short(int found) => throw new ShortRecordException(Name, _size, found);
}
