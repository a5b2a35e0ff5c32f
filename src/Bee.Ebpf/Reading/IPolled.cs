namespace Bee.Ebpf;

/// <summary>What is looked at from time to time.</summary>
internal interface IPolled
{
    /// <summary>Gives the sink what has changed.</summary>
    /// <param name="sink">The sink.</param>
    /// <param name="stopped">Set when the sink wants no more.</param>
    void Poll(IEventSink sink, ref bool stopped);
}
