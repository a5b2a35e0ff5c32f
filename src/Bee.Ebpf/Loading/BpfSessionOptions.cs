namespace Bee.Ebpf;

/// <summary>How an object file is loaded and attached.</summary>
public sealed class BpfSessionOptions
{
    /// <summary>Values for the program's <c>const volatile</c> globals, by name as in C (case counts). Those not named keep their defaults.</summary>
    public IReadOnlyDictionary<string, object?> Parameters { get; init; } = new Dictionary<string, object?>();

    /// <summary>
    /// Narrows links that can be narrowed (uprobe, uretprobe, perf_event) to one process, so that others do not pay for them.
    /// Other links still see every process: a program that must not should have a parameter of its own.
    /// </summary>
    public int? ProcessId { get; init; }

    /// <summary>Samples a second and CPU for <c>perf_event</c> programs. The default, 99, does not run in step with timers of 100 Hz.</summary>
    public int SampleFrequency { get; init; } = 99;

    /// <summary>Gets libbpf's log, debug lines too, line by line on the calling thread; null for none. It must not throw.</summary>
    public Action<string>? Log { get; init; }
}
