namespace Bee.Ebpf;

/// <summary>A line of text that an iterator program wrote, for programs that declare no record.</summary>
public sealed class IteratorLine : BpfEvent
{
    /// <summary>Creates a line.</summary>
    /// <param name="line">The text without its line end.</param>
    public IteratorLine(string line) => Line = line;

    /// <summary>The text without its line end.</summary>
    public string Line { get; }

    /// <summary>The text.</summary>
    public override string ToString() => Line;
}
