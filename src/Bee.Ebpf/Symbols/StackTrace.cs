using System.Collections;

namespace Bee.Ebpf;

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
