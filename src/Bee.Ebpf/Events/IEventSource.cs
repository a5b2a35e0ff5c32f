namespace Bee.Ebpf.Events;

/// <summary>How a source was found.</summary>
internal enum DrainResult
{
    /// <summary>Nothing was there.</summary>
    Empty,

    /// <summary>There was something, or something is being written.</summary>
    Some,

    /// <summary>So much that resting before the next look would risk losing events.</summary>
    Much,
}

/// <summary>A buffer that programs write events into.</summary>
internal interface IEventSource : IDisposable
{
    /// <summary>Descriptors that become readable when events come.</summary>
    IEnumerable<int> Descriptors { get; }

    /// <summary>Gives the sink what is there now.</summary>
    /// <param name="sink">The sink.</param>
    /// <param name="stopped">Set when the sink wants no more.</param>
    DrainResult Read(IEventSink sink, ref bool stopped);

    /// <summary>Reports losses that the source itself knows of, since the last call.</summary>
    void ReportLost(IEventSink sink);
}

/// <summary>What is looked at from time to time.</summary>
internal interface IPolled
{
    /// <summary>Gives the sink what has changed.</summary>
    /// <param name="sink">The sink.</param>
    /// <param name="stopped">Set when the sink wants no more.</param>
    void Poll(IEventSink sink, ref bool stopped);
}
