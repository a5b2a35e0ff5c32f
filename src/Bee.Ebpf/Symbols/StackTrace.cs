using System.Buffers.Binary;
using System.Collections;
using System.Runtime.InteropServices;
using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Symbols;

/// <summary>
/// A stack trace: a list of <see cref="StackFrame"/>, the innermost frame first.
/// As text it is one line, which sorts, groups and fits a CSV file.
/// </summary>
public sealed class StackTrace : IReadOnlyList<StackFrame>, IEquatable<StackTrace>, IComparable<StackTrace>, IComparable
{
    private readonly StackFrame[] _frames;

    internal StackTrace(int? id, Errno error, StackFrame[] frames)
    {
        Id = id;
        Error = error;
        _frames = frames;
    }

    /// <summary>The id of the trace in the program's stack map; null for a trace without one.</summary>
    public int? Id { get; }

    /// <summary>
    /// Why the trace has no frames: the error that the program stored in place of an id (EFAULT if a process has no user stack, EEXIST if another
    /// stack occupied the slot), or ENOENT if the map no longer contains the stack; 0 if there are frames.
    /// </summary>
    public Errno Error { get; }

    /// <summary>The number of frames.</summary>
    public int Count => _frames.Length;

    /// <summary>Returns a frame.</summary>
    /// <param name="index">The index of the frame; 0 is the innermost.</param>
    /// <returns>The frame.</returns>
    /// <exception cref="IndexOutOfRangeException">The index is out of range.</exception>
    public StackFrame this[int index] => _frames[index];

    /// <inheritdoc/>
    public IEnumerator<StackFrame> GetEnumerator() => ((IEnumerable<StackFrame>)_frames).GetEnumerator();

    /// <summary>
    /// The names of the functions, separated by semicolons, the outermost first: the format that flame graph tools read, as in
    /// <c>"$($_.user_stack.Folded);$($_.kernel_stack.Folded) $($_.Value)"</c>. Empty if there are no frames.
    /// </summary>
    public string Folded => string.Join(';', Enumerable.Reverse(_frames).Select(frame => frame.Label));

    /// <summary>Returns <see cref="Folded"/>, or the error in brackets if there are no frames.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => _frames.Length == 0 ? $"[{(Error == default ? "empty" : Error)}]" : Folded;

    /// <summary>Returns whether another trace has equal frames. Ids are ignored.</summary>
    /// <param name="other">The other trace.</param>
    /// <returns>Whether the traces are equal.</returns>
    public bool Equals(StackTrace? other) => other is not null && Error == other.Error && _frames.AsSpan().SequenceEqual(other._frames);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as StackTrace);

    /// <inheritdoc/>
    public override int GetHashCode() => _frames.Length == 0 ? (int)Error : HashCode.Combine(_frames.Length, _frames[0], _frames[^1]);

    /// <summary>Compares the texts in ordinal order, so from the outermost function inwards.</summary>
    /// <param name="other">The other trace; null sorts first.</param>
    /// <returns>A negative number, 0 or a positive number.</returns>
    public int CompareTo(StackTrace? other) => other is null ? 1 : string.CompareOrdinal(ToString(), other.ToString());

    /// <inheritdoc/>
    public int CompareTo(object? obj) => obj switch
    {
        null => 1,
        StackTrace other => CompareTo(other),
        _ => throw new ArgumentException($"A stack trace cannot be compared with {obj.GetType()}.", nameof(obj)),
    };

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>Decodes stack traces from a stack map's values: addresses, or build ids with offsets, up to a zero or the end.</summary>
internal static class StackReader
{
    // enum bpf_stack_build_id_status, and the size of struct bpf_stack_build_id: the status, 20 bytes, then an offset or address.
    private const int Empty = 0, Valid = 1, BuildIdBytes = 20, BuildIdEntry = 32;

    /// <summary>Decodes the trace of a map's value.</summary>
    /// <param name="id">The id of the trace, or null.</param>
    /// <param name="value">The value.</param>
    /// <param name="byBuildId">Whether the map has the flag BPF_F_STACK_BUILD_ID.</param>
    /// <param name="process">The process of the stack; 0 if unknown.</param>
    public static StackTrace Read(int? id, ReadOnlySpan<byte> value, bool byBuildId, int process) =>
        new(id, default, byBuildId ? ByBuildId(value, process) : ByAddress(MemoryMarshal.Cast<byte, ulong>(value), process));

    private static StackFrame[] ByAddress(ReadOnlySpan<ulong> addresses, int process)
    {
        var count = addresses.IndexOf(0ul);
        addresses = count < 0 ? addresses : addresses[..count];
        FrameSource? user = null;
        var frames = new StackFrame[addresses.Length];
        for (var i = 0; i < frames.Length; i++)
        {
            var source = KernelFrames.Owns(addresses[i]) ? KernelFrames.Instance : user ??= OfProcess(process, addresses);
            frames[i] = new StackFrame(addresses[i], source, isCaller: i > 0);
        }

        return frames;
    }

    private static FrameSource OfProcess(int process, ReadOnlySpan<ulong> addresses) =>
        Processes.Get(process, addresses) is { } mappings ? new UserFrames(mappings) : UnknownFrames.Instance;

    private static StackFrame[] ByBuildId(ReadOnlySpan<byte> value, int process)
    {
        ProcessMappings? hint = null;
        var frames = new List<StackFrame>();
        for (; value.Length >= BuildIdEntry; value = value[BuildIdEntry..])
        {
            var status = BinaryPrimitives.ReadInt32LittleEndian(value);
            var place = BinaryPrimitives.ReadUInt64LittleEndian(value[24..]);
            if (status == Empty)
            {
                break;
            }

            if (hint is null && (hint = Processes.Get(process, [])) is not null)
            {
                SeenFiles.Note(hint);
            }

            FrameSource source = status == Valid ? new BuildIdFrame(Convert.ToHexString(value.Slice(4, BuildIdBytes)).ToLowerInvariant(), place, hint)
                : KernelFrames.Owns(place) ? KernelFrames.Instance
                : hint is not null ? new UserFrames(hint) : UnknownFrames.Instance;
            frames.Add(new StackFrame(status == Valid ? 0 : place, source, isCaller: frames.Count > 0));
        }

        return [.. frames];
    }
}
