namespace Bee.Ebpf;

/// <summary>Units that the name of a map gives away.</summary>
internal static class HistogramUnits
{
    private static readonly (string End, string Unit)[] s_known =
    [
        ("_ns", "ns"), ("_us", "us"), ("_ms", "ms"), ("_seconds", "s"), ("_nanoseconds", "ns"), ("_microseconds", "us"), ("_milliseconds", "ms"),
        ("_bytes", "bytes"), ("_kbytes", "KiB"),
    ];

    /// <summary>The unit by the end of a map's name, as in <c>hist_latency_us</c>; null where it says nothing.</summary>
    public static string? OfName(string map) => s_known.FirstOrDefault(known => map.EndsWith(known.End, StringComparison.Ordinal)).Unit;
}
