using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Links;

/// <summary>What the programs of an object are attached to, and how.</summary>
public class AttachOptions
{
    /// <summary>
    /// Narrows links that can be narrowed (uprobe, uretprobe, usdt, perf_event) to one process, so that others do not pay for them.
    /// Other links still see every process: a program that must not should have a parameter of its own. Programs and libraries that targets name are
    /// then looked for among what that process has mapped and in its own file system, which in a container is another.
    /// </summary>
    public int? ProcessId { get; init; }

    /// <summary>Samples a second and CPU for <c>perf_event</c> programs. The default, 99, does not run in step with timers of 100 Hz.</summary>
    public int SampleFrequency { get; init; } = 99;

    /// <summary>
    /// The network interfaces that xdp, tc and socket programs attach to, by name; <c>*</c> and <c>?</c> match several. They are looked for in
    /// <see cref="NetworkNamespace"/> when that is given.
    /// </summary>
    public IReadOnlyList<string> Interfaces { get; init; } = [];

    /// <summary>
    /// The control group (v2) that cgroup programs attach to: a path, absolute or below where cgroup2 is mounted, as <c>/proc/PID/cgroup</c>
    /// has it too; a process id, which means the group of that process; or the id of a container.
    /// </summary>
    public string? Cgroup { get; init; }

    /// <summary>
    /// The network namespace that sk_lookup programs attach to and that interfaces are looked for in: a name as <c>ip netns</c> knows it, a path,
    /// or the id of a process, which means that process's namespace.
    /// </summary>
    public string? NetworkNamespace { get; init; }

    /// <summary>
    /// What programs attach to instead of what their sections say: the program's name, and the target as its section would have it
    /// (<see cref="ProgramKind.Section"/>). For programs whose sections name none: an interface, a control group, a network namespace, as the
    /// options for those take them; for tc also <c>interface/ingress</c> and <c>interface/egress</c>.
    /// </summary>
    public IReadOnlyDictionary<string, string> AttachTo { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Makes the relative path of a program or library absolute; it gets the program's name and the path as the target has it, which may begin with <c>~</c>. Null
    /// takes paths from the folder that this process is in.
    /// </summary>
    public Func<string, string, string>? ResolvePath { get; init; }

    /// <summary>Gets sentences about what is attached and will probably see nothing, on the calling thread; null for none. It must not throw.</summary>
    public Action<string>? Warn { get; init; }

    /// <summary>Gets libbpf's log, debug lines too, line by line on the calling thread; null for none. It must not throw.</summary>
    public Action<string>? Log { get; init; }
}
