namespace Bee.Ebpf.Metadata;

/// <summary>The severity of an event in a log. The numbers are those of syslog (RFC 5424, 6.2.1): the smaller, the more severe.</summary>
public enum LogSeverity
{
    /// <summary>The system is unusable.</summary>
    Emergency,

    /// <summary>Action must be taken at once.</summary>
    Alert,

    /// <summary>Critical.</summary>
    Critical,

    /// <summary>An error.</summary>
    Error,

    /// <summary>A warning.</summary>
    Warning,

    /// <summary>Normal but significant.</summary>
    Notice,

    /// <summary>Informational.</summary>
    Informational,

    /// <summary>For debugging.</summary>
    Debug,
}
