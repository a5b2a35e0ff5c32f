using System.Buffers;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Symbols;

namespace Bee.Ebpf.Packing;

/// <summary>Packs the stacks of a block. Each frame and each stack is defined once, with resolved names.</summary>
internal sealed class PackedStacks(PackPayload payload)
{
    private readonly Dictionary<StackFrame, int> _frames = [];
    private readonly Dictionary<StackTrace, int> _stacks = new(new WithId());

    /// <summary>Discards all definitions.</summary>
    public void Clear()
    {
        _frames.Clear();
        _stacks.Clear();
    }

    /// <summary>Returns the number of a stack, and defines a new one.</summary>
    public int Define(StackTrace stack, IBufferWriter<byte> to)
    {
        if (_stacks.TryGetValue(stack, out var known))
        {
            return known;
        }

        var frames = new int[stack.Count];
        for (var i = 0; i < frames.Length; i++)
        {
            frames[i] = Define(stack[i], to);
        }

        payload.Number(stack.Id is null ? 0u : 1u).Signed(stack.Id ?? 0).Signed((int)stack.Error).Number((ulong)frames.Length);
        foreach (var frame in frames)
        {
            payload.Number((ulong)frame);
        }

        payload.WriteTo(to, PackItem.Stack);
        _stacks.Add(stack, _stacks.Count + 1);
        return _stacks.Count;
    }

    private int Define(StackFrame frame, IBufferWriter<byte> to)
    {
        if (!_frames.TryGetValue(frame, out var number))
        {
            _frames.Add(frame, number = _frames.Count);
            var name = frame.Name;
            payload.Number(frame.IsKernel ? 1u : 0u).Number(frame.Address).Optional(name.Symbol).Optional(name.Offset).Optional(name.Module).Optional(name.FileOffset).Optional(frame.BuildId)
                .WriteTo(to, PackItem.Frame);
        }

        return number;
    }

    // The equality of stacks ignores their ids.
    private sealed class WithId : IEqualityComparer<StackTrace>
    {
        public bool Equals(StackTrace? x, StackTrace? y) => x!.Id == y!.Id && x.Equals(y);

        public int GetHashCode(StackTrace obj) => HashCode.Combine(obj.Id, obj);
    }
}

/// <summary>Reads the stacks of a block.</summary>
internal sealed class UnpackedStacks
{
    // Limits for hostile files. A block has about one mebibyte, and the kernel limits a stack to 640 Ki frames (kernel.perf_event_max_stack).
    private const int MostDefined = 1 << 20, MostInStacks = 1 << 21;

    private readonly List<StackFrame> _frames = [];
    private readonly List<StackTrace> _stacks = [];
    private int _inStacks;

    /// <summary>Discards all definitions.</summary>
    public void Clear()
    {
        _frames.Clear();
        _stacks.Clear();
        _inStacks = 0;
    }

    /// <summary>Reads a frame.</summary>
    public void ReadFrame(ref PackReader reader)
    {
        Limit(_frames.Count);
        var isKernel = reader.Number(1) == 1;
        var address = reader.Number();
        var name = new FrameName(reader.OptionalText(), reader.OptionalNumber(), reader.OptionalText(), reader.OptionalNumber());
        var buildId = reader.OptionalText();
        reader.End();
        _frames.Add(new StackFrame(address, new CapturedFrame(name, buildId, isKernel), isCaller: false));
    }

    /// <summary>Reads a stack.</summary>
    public void ReadStack(ref PackReader reader)
    {
        Limit(_stacks.Count);
        int? id = (reader.Number(1), reader.Signed()) is (1, var number) ? (int)number : null;
        var error = (Errno)reader.Signed();
        var frames = new StackFrame[reader.Number(Math.Min(reader.Left.Length, MostInStacks - _inStacks))];
        _inStacks += frames.Length;
        for (var i = 0; i < frames.Length; i++)
        {
            frames[i] = reader.Number(int.MaxValue) is var frame && frame < _frames.Count ? _frames[frame] : throw PackException.Damaged("a stack has a frame that is not defined");
        }

        reader.End();
        _stacks.Add(new StackTrace(id, error, frames));
    }

    /// <summary>Reads the stacks of an object.</summary>
    /// <param name="reader">The payload, positioned at the numbers of the stacks.</param>
    /// <param name="count">The number of stacks in the type.</param>
    /// <returns>The stacks; null if the object has none.</returns>
    public StackTrace[]? Read(ref PackReader reader, int count)
    {
        if (count == 0 || reader.Number(1) == 0)
        {
            return null;
        }

        var stacks = new StackTrace[count];
        for (var i = 0; i < count; i++)
        {
            stacks[i] = reader.Number(int.MaxValue) is var number && number > 0 && number <= _stacks.Count ? _stacks[number - 1] : throw PackException.Damaged("an object has a stack that is not defined");
        }

        return stacks;
    }

    private static void Limit(int count)
    {
        if (count >= MostDefined)
        {
            throw PackException.Damaged($"a block defines more than {MostDefined} frames or stacks");
        }
    }
}
