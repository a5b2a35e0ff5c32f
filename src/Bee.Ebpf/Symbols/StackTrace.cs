using System.Buffers.Binary;
using System.Collections;
using System.Runtime.InteropServices;
using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Symbols;

/// <summary>
/// A stack trace: its frames, the innermost first. It is a list of <see cref="StackFrame"/>;
/// as text it is one line, which sorts, groups and fits a CSV file.
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

    /// <summary>The id under which the program's map has it; null for a trace that came without one.</summary>
    public int? Id { get; }

    /// <summary>
    /// Why there are no frames: the error that the program got for an id (EFAULT where a process has no stack in user space, EEXIST where another
    /// stack had the place), ENOENT where the map has no such stack any more; 0 where there are frames.
    /// </summary>
    public Errno Error { get; }

    /// <summary>How many frames there are.</summary>
    public int Count => _frames.Length;

    /// <summary>A frame.</summary>
    /// <param name="index">Its place; 0 is the innermost.</param>
    /// <returns>The frame.</returns>
    /// <exception cref="IndexOutOfRangeException">There is no such frame.</exception>
    public StackFrame this[int index] => _frames[index];

    /// <inheritdoc/>
    public IEnumerator<StackFrame> GetEnumerator() => ((IEnumerable<StackFrame>)_frames).GetEnumerator();

    /// <summary>
    /// The names of the functions with semicolons between, the outermost first: the form that tools for flame graphs read, as in
    /// <c>"$($_.user_stack.Folded);$($_.kernel_stack.Folded) $($_.Value)"</c>. Empty where there are no frames.
    /// </summary>
    public string Folded => string.Join(';', Enumerable.Reverse(_frames).Select(frame => frame.Label));

    /// <summary>The same as <see cref="Folded"/>, and where there are no frames the error in brackets.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => _frames.Length == 0 ? $"[{(Error == default ? "empty" : Error)}]" : Folded;

    /// <summary>Whether another trace has equal frames.</summary>
    /// <param name="other">The other trace.</param>
    /// <returns>Whether they are equal; ids do not count.</returns>
    public bool Equals(StackTrace? other) => other is not null && Error == other.Error && _frames.AsSpan().SequenceEqual(other._frames);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as StackTrace);

    /// <inheritdoc/>
    public override int GetHashCode() => _frames.Length == 0 ? (int)Error : HashCode.Combine(_frames.Length, _frames[0], _frames[^1]);

    /// <summary>Orders by the text, so from the outermost function inwards.</summary>
    /// <param name="other">The other trace; null comes first.</param>
    /// <returns>Below 0, 0 or above 0.</returns>
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

/// <summary>Makes stack traces of what the kernel keeps in a stack map: addresses, or build ids with places, up to a zero or the end.</summary>
internal static class StackReader
{
    // enum bpf_stack_build_id_status, and struct bpf_stack_build_id: the status, 20 bytes, then place or address.
    private const int Empty = 0, Valid = 1, BuildIdBytes = 20, BuildIdEntry = 32;

    /// <summary>The trace of an entry's value.</summary>
    /// <param name="id">Its id, or null.</param>
    /// <param name="value">The value.</param>
    /// <param name="byBuildId">Whether the map was made with BPF_F_STACK_BUILD_ID.</param>
    /// <param name="process">The process that the stack is of; 0 where it is not known.</param>
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
