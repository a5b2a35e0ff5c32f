using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Links;

/// <summary>An interface, and the way of the packets there.</summary>
/// <param name="Interface">The interface.</param>
/// <param name="IsEgress">True for packets that it sends; only tc programs tell the two apart.</param>
internal readonly record struct InterfacePlace(NetworkInterfaceName Interface, bool IsEgress);

/// <summary>
/// The interfaces, control groups and network namespaces that an object's programs attach to. All are found before anything is loaded, so that a wrong
/// name is told before the kernel does any work.
/// </summary>
internal sealed class AttachTargets : IDisposable
{
    private const string Ingress = "ingress", Egress = "egress";
    private const int MostNames = 5;

    private readonly AttachOptions _options;
    private readonly Dictionary<string, IReadOnlyList<InterfacePlace>> _interfaces = [];
    private readonly Dictionary<string, string> _cgroups = [];
    private readonly Dictionary<string, NetworkNamespaceHandle> _namespaces = [];
    private readonly Dictionary<string, string> _maps = [];
    private IReadOnlyList<NetworkInterfaceName>? _there;

    private AttachTargets(AttachOptions options) => _options = options;

    /// <summary>The namespace that interfaces are in; null for this process's own.</summary>
    public NetworkNamespaceHandle? InterfaceNamespace { get; private set; }

    /// <summary>Finds what the options and the author name.</summary>
    /// <exception cref="BpfLoadException">A program needs a place and is given none, or one that does not exist.</exception>
    public static AttachTargets Find(ObjectFile file, AttachOptions options)
    {
        var places = new AttachTargets(options);
        try
        {
            foreach (var program in file.Programs.Where(p => p.AutoLoad))
            {
                places.Add(program, program.KindRow);
                places.AddMap(program, file);
            }

            places.CheckShared(file);
            return places;
        }
        catch
        {
            places.Dispose();
            throw;
        }
    }

    /// <summary>Whether the options or the author name a place for a program that needs one.</summary>
    public static bool HasPlace(ProgramDescription program, AttachOptions options) => program.KindRow switch
    {
        { NeedsInterface: true } => options.Interfaces.Count > 0 || TargetText.Split(program.AttachTo) is { Length: > 0 } and not [Ingress or Egress],
        { NeedsCgroup: true, Target: not AttachTarget.Cgroup } => options.Cgroup is not null,
        { NeedsCgroup: true } => Said(program, options, options.Cgroup) is not null,
        _ => Said(program, options, options.NetworkNamespace) is not null,
    };

    public IReadOnlyList<InterfacePlace> InterfacesOf(ProgramDescription program) => _interfaces[program.Name];

    public string CgroupOf(ProgramDescription program) => _cgroups[program.Name];

    /// <summary>The map that a program attaches to or goes over; null where its target is not a map.</summary>
    public string? MapOf(ProgramDescription program) => _maps.GetValueOrDefault(program.Name);

    public NetworkNamespaceHandle NamespaceOf(ProgramDescription program) => _namespaces[program.Name];

    /// <inheritdoc/>
    public void Dispose()
    {
        InterfaceNamespace?.Dispose();
        foreach (var space in _namespaces.Values)
        {
            space.Dispose();
        }
    }

    private void Add(ProgramDescription program, ProgramKind kind)
    {
        if (kind.NeedsInterface)
        {
            _interfaces[program.Name] = FindInterfaces(program);
        }
        else if (kind.NeedsCgroup)
        {
            // A security hook's own target is the hook.
            var cgroup = kind.Target == AttachTarget.Cgroup ? Said(program, _options, _options.Cgroup) : _options.Cgroup;
            _cgroups[program.Name] = CgroupTargets.Find(cgroup ?? throw None(
                program, "control group", "Name one: a path below where cgroup2 is mounted, a process id, or a container's id."));
        }
        else if (kind.NeedsNetworkNamespace)
        {
            _namespaces[program.Name] = NetworkNamespaceHandle.Open(Said(program, _options, _options.NetworkNamespace) ?? throw None(
                program, "network namespace", "Name one: a name that `ip netns` lists, a path, or a process id; /proc/self/ns/net is the one that this process is in."));
        }
    }

    private void AddMap(ProgramDescription program, ObjectFile file)
    {
        if (program.TargetMaps is { Count: > 0 } types)
        {
            _maps[program.Name] = TargetMap.Choose(program, types, file);
        }
    }

    // What this run says of the program, then what it says of all, then the author.
    private static string? Said(ProgramDescription program, AttachOptions options, string? option) => options.AttachTo.ContainsKey(program.Name) ? program.AttachTo : option ?? program.AttachTo;

    private List<InterfacePlace> FindInterfaces(ProgramDescription program)
    {
        if (_there is null)
        {
            InterfaceNamespace = _options.NetworkNamespace is { } name ? NetworkNamespaceHandle.Open(name) : null;
            _there = InterfaceNamespace is { } space ? space.Run(NetworkTargets.Here) : NetworkTargets.Here();
        }

        var directed = program.Type == ProgramType.SchedCls;
        var way = program.Kind.EndsWith(Egress, StringComparison.Ordinal) ? Egress : Ingress;
        string[] own = TargetText.Split(program.AttachTo);
        IEnumerable<string> texts = own.Length > 0 && (_options.AttachTo.ContainsKey(program.Name) || _options.Interfaces.Count == 0) ? own : _options.Interfaces;
        if (directed && own is [Ingress or Egress])
        {
            (way, texts) = (own[0], _options.Interfaces);
        }

        var found = new List<InterfacePlace>();
        foreach (var text in texts)
        {
            var slash = directed ? text.LastIndexOf('/') : -1;
            if (slash >= 0 && text[(slash + 1)..] is not (Ingress or Egress))
            {
                throw new BpfLoadException(LoadFault.NoTarget, $"Program '{program.Name}' cannot attach to '{text}': what follows the interface is neither ingress nor egress.") { Program = program.Name };
            }

            var egress = (slash < 0 ? way : text[(slash + 1)..]) == Egress;
            found.AddRange(Matching(program, slash < 0 ? text : text[..slash]).Select(one => new InterfacePlace(one, egress)));
        }

        return found.Count > 0 ? [.. found.Distinct()] : throw None(program, "network interface", $"Name one or more. {Have()}");
    }

    private IEnumerable<NetworkInterfaceName> Matching(ProgramDescription program, string name)
    {
        var found = _there!.Where(one => one.Name == name).ToArray();
        if (found.Length == 0 && TargetText.IsPattern(name))
        {
            found = [.. _there!.Where(one => TargetText.Fits(name, one.Name))];
        }

        var where = _options.NetworkNamespace is { } space ? $" in network namespace '{space}'" : "";
        return found.Length > 0 ? found : throw new BpfLoadException(LoadFault.NoTarget, $"Program '{program.Name}' attaches to interface '{name}', which does not exist{where}.")
        {
            Program = program.Name,
            Suggestions = Suggest.Nearest(name, _there!.Select(one => one.Name), MostNames),
            Remedy = Have(),
        };
    }

    private string Have() => $"There are {string.Join(", ", _there!.Select(one => one.Name))}.";

    // The kernel runs one xdp program at an interface.
    private void CheckShared(ObjectFile file)
    {
        var holders = new Dictionary<int, string>();
        foreach (var program in file.Programs.Where(p => p.Type == ProgramType.Xdp && _interfaces.ContainsKey(p.Name)))
        {
            foreach (var (one, _) in _interfaces[program.Name])
            {
                if (!holders.TryAdd(one.Index, program.Name))
                {
                    throw new BpfLoadException(LoadFault.Busy, $"Programs '{holders[one.Index]}' and '{program.Name}' would both attach to interface '{one.Name}', which runs one xdp program at a time.")
                    {
                        Program = program.Name,
                        Remedy = "Give each an interface of its own, or leave one of them out.",
                    };
                }
            }
        }
    }

    private static BpfLoadException None(ProgramDescription program, string what, string remedy) =>
        new(LoadFault.NoPlace, $"Program '{program.Name}' ({program.SectionName}) needs to be told which {what} to attach to.") { Program = program.Name, Remedy = remedy };
}

/// <summary>Finds the map that is the target of a program: the one that is named, or the object's only one that fits.</summary>
internal static class TargetMap
{
    /// <summary>The name of the map.</summary>
    /// <exception cref="BpfLoadException">The map does not exist or is of another type, or none is named and not exactly one fits.</exception>
    public static string Choose(ProgramDescription program, IReadOnlyList<MapType> types, ObjectFile file)
    {
        string[] fitting = [.. file.Maps.Where(map => !map.IsInternal && types.Contains(map.Type)).Select(map => map.Name)];
        if (program.TargetMap is not { } name)
        {
            return fitting.Length == 1 ? fitting[0] : throw new BpfLoadException(LoadFault.NoPlace, $"Program '{program.Name}' ({program.SectionName}) needs to be told which map to attach to.")
            {
                Program = program.Name,
                Remedy = Have(types, fitting),
            };
        }

        return fitting.Contains(name) ? name : throw new BpfLoadException(
            LoadFault.NoTarget,
            $"Program '{program.Name}' ({program.SectionName}) attaches to map '{name}', {(file.Maps.FirstOrDefault(map => map.Name == name) is { } other ? $"which is of type {other.Type}" : "which does not exist")}.")
        {
            Program = program.Name,
            Suggestions = Suggest.Nearest(name, fitting, 3),
            Remedy = Have(types, fitting),
        };
    }

    private static string Have(IReadOnlyList<MapType> types, string[] fitting) =>
        $"It takes a map of type {string.Join(", ", types)}. " + (fitting.Length > 0 ? $"Those of its object are {string.Join(", ", fitting)}." : "Its object has none.");
}

/// <summary>What the programs of an object are attached to, and how.</summary>
public class AttachOptions
{
    /// <summary>
    /// Narrows links that can be narrowed (uprobe, uretprobe, usdt, perf_event) to one process, so that others do not pay for them.
    /// Other links still see every process: a program that must not should have a parameter of its own. Programs and libraries that targets name are
    /// then looked for among what that process has mapped and in its own file system, which in a container is another.
    /// </summary>
    public int? ProcessId { get; init; }

    /// <summary>
    /// Samples a second and CPU for <c>perf_event</c> programs at clocks and hardware events that name neither frequency nor period. Null for 99, which does not run in step with
    /// timers of 100 Hz.
    /// </summary>
    public int? SampleFrequency { get; init; }

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
    /// options for those take them; for tc also <c>interface/ingress</c> and <c>interface/egress</c>; for socket maps and iterators over a map the map's name.
    /// </summary>
    public IReadOnlyDictionary<string, string> AttachTo { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Programs by name that are left out (false), or that are loaded although their sections make them optional (true). What is left out is not given to the
    /// kernel at all.
    /// </summary>
    public IReadOnlyDictionary<string, bool> Load { get; init; } = new Dictionary<string, bool>();

    /// <summary>
    /// Of two programs that would count the same thing twice (<see cref="TwinPrograms"/>), loads the one with typed arguments where this kernel attaches it, and the other
    /// one elsewhere. Programs that <see cref="Load"/> or <see cref="AttachTo"/> name are loaded as they say.
    /// </summary>
    public bool PreferTyped { get; init; }

    /// <summary>
    /// Makes the relative path of a program or library absolute; it gets the program's name and the path as the target has it, which may begin with <c>~</c>. Null
    /// takes paths from the folder that this process is in.
    /// </summary>
    public Func<string, string, string>? ResolvePath { get; init; }

    /// <summary>Gets sentences about what is attached and will probably see nothing, on the calling thread; null for none. It must not throw.</summary>
    public Action<string>? Warn { get; init; }

    /// <summary>Gets sentences about programs that are left out, on the calling thread; null for none. It must not throw.</summary>
    public Action<string>? Note { get; init; }

    /// <summary>Gets libbpf's log, debug lines too, line by line on the calling thread; null for none. It must not throw.</summary>
    public Action<string>? Log { get; init; }
}
