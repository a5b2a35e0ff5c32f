namespace Bee.Ebpf;

/// <summary>
/// The base of every object made from the kernel's bytes: events of rings and perf buffers, and the structs and unions inside of them.
/// The real types are emitted, one for each C struct, with a property for each field; this base adds none.
/// </summary>
/// <remarks>
/// An object holds a copy of the record's bytes and makes each value when it is asked for, so an event costs one allocation however
/// many fields it has, and it stays valid after the ring's pages are used again. Objects are immutable and safe to read from any thread.
/// </remarks>
public abstract partial class BpfEvent
{
    /// <summary>Makes the base of an emitted event.</summary>
    protected BpfEvent()
    {
    }

    /// <summary>All fields as one line of JSON, so that a nested struct survives where only text fits, as in a CSV file.</summary>
    /// <returns>A JSON object; the same text in every culture.</returns>
    public override string ToString() => throw new NotImplementedException();
}
