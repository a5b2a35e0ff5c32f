using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Links;

/// <summary>An interface, and the direction of its packets.</summary>
/// <param name="Interface">The interface.</param>
/// <param name="IsEgress">True for outgoing packets; only tc programs distinguish the two.</param>
internal readonly record struct InterfaceTarget(NetworkInterfaceName Interface, bool IsEgress);

/// <summary>
/// The interfaces, control groups, network namespaces and maps that the programs of an object attach to. They are resolved before anything is loaded, so that a wrong
/// name fails early.
/// </summary>
internal sealed class AttachTargets : IDisposable
{
    private const string Ingress = "ingress", Egress = "egress";
    private const int MostNames = 5;

    private readonly ObjectFile _file;
    private readonly AttachOptions _options;
    private readonly Dictionary<string, IReadOnlyList<InterfaceTarget>> _interfaces = [];
    private readonly Dictionary<string, string> _cgroups = [];
    private readonly Dictionary<string, NetworkNamespaceHandle> _namespaces = [];
    private readonly Dictionary<string, string> _maps = [];
    private IReadOnlyList<NetworkInterfaceName>? _existing;

    private AttachTargets(ObjectFile file, AttachOptions options)
    {
        _file = file;
        _options = options;
    }

    /// <summary>The namespace of the interfaces; null for that of this process.</summary>
    public NetworkNamespaceHandle? InterfaceNamespace { get; private set; }

    /// <summary>Finds the targets that the options and the metadata name. A program without a target fails when it is attached.</summary>
    /// <exception cref="BpfLoadException">A target does not exist, or an iterator over a map has none.</exception>
    public static AttachTargets Find(ObjectFile file, AttachOptions options)
    {
        var targets = new AttachTargets(file, options);
        try
        {
            foreach (var program in file.Programs.Where(p => p.AutoLoad))
            {
                targets.Add(program, program.KindRow);
                targets.AddMap(program, file);
            }

            targets.CheckShared(file);
            return targets;
        }
        catch
        {
            targets.Dispose();
            throw;
        }
    }

    /// <summary>Reports whether the options or the metadata name an interface, control group or network namespace for a program that needs one.</summary>
    public static bool HasTarget(ProgramDescription program, AttachOptions options) => program.KindRow switch
    {
        { NeedsInterface: true } => options.Interfaces.Count > 0 || TargetText.Split(program.AttachTo) is { Length: > 0 } and not [Ingress or Egress],
        { NeedsCgroup: true, Target: not AttachTarget.Cgroup } => options.Cgroup is not null,
        { NeedsCgroup: true } => Named(program, options, options.Cgroup) is not null,
        _ => Named(program, options, options.NetworkNamespace) is not null,
    };

    /// <summary>Finds the targets of one program.</summary>
    /// <exception cref="BpfLoadException">A target does not exist.</exception>
    public static AttachTargets Find(ProgramDescription program, ObjectFile file, AttachOptions options)
    {
        var targets = new AttachTargets(file, options);
        try
        {
            targets.Add(program, program.KindRow);
            targets.AddMap(program, file);
            return targets;
        }
        catch
        {
            targets.Dispose();
            throw;
        }
    }

    /// <summary>Returns the interfaces that a program attaches to.</summary>
    /// <exception cref="BpfLoadException">Neither options nor metadata name one.</exception>
    public IReadOnlyList<InterfaceTarget> InterfacesOf(ProgramDescription program) =>
        _interfaces.TryGetValue(program.Name, out var found) ? found : throw None(program, "network interface", $"Name one or more. {Have()}");

    /// <summary>Returns the folder of the control group that a program attaches to.</summary>
    /// <exception cref="BpfLoadException">Neither options nor metadata name one.</exception>
    public string CgroupOf(ProgramDescription program) =>
        _cgroups.TryGetValue(program.Name, out var found) ? found : throw None(program, "control group", "Name one: a path relative to the mount of cgroup2, a process id, or a container's id.");

    /// <summary>Returns the map that a program attaches to or iterates over; null if its target is not a map.</summary>
    public string? MapOf(ProgramDescription program) => _maps.GetValueOrDefault(program.Name);

    /// <summary>Returns the network namespace that a program attaches to.</summary>
    /// <exception cref="BpfLoadException">Neither options nor metadata name one.</exception>
    public NetworkNamespaceHandle NamespaceOf(ProgramDescription program) => _namespaces.TryGetValue(program.Name, out var found) ? found : throw None(
        program, "network namespace", "Name one: a name that `ip netns` lists, a path, or a process id; /proc/self/ns/net is the one that this process is in.");

    /// <summary>Returns the exception for a program that attaches to a map when neither options nor metadata name one.</summary>
    public BpfLoadException NoMap(ProgramDescription program) => TargetMap.None(program, program.TargetMaps, _file);

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
            if (FindInterfaces(program) is { Count: > 0 } found)
            {
                _interfaces[program.Name] = found;
            }
        }
        else if (kind.NeedsCgroup)
        {
            // The target of an lsm_cgroup program is its hook, not the control group.
            var cgroup = kind.Target == AttachTarget.Cgroup ? Named(program, _options, _options.Cgroup) : _options.Cgroup;
            if (cgroup is not null)
            {
                _cgroups[program.Name] = CgroupTargets.Find(cgroup);
            }
        }
        else if (kind.NeedsNetworkNamespace && Named(program, _options, _options.NetworkNamespace) is { } space)
        {
            _namespaces[program.Name] = NetworkNamespaceHandle.Open(space);
        }
    }

    private void AddMap(ProgramDescription program, ObjectFile file)
    {
        // A socket map can be named when the program is attached. An iterator is never attached.
        if (program.TargetMaps is { Count: > 0 } types && (program.KindRow.Method != AttachMethod.SocketMap || program.TargetMap is not null || TargetMap.Fitting(types, file).Length == 1))
        {
            _maps[program.Name] = TargetMap.Choose(program, types, file);
        }
    }

    // The options for this program take precedence over the options for all, and these over the metadata.
    private static string? Named(ProgramDescription program, AttachOptions options, string? option) => options.AttachTo.ContainsKey(program.Name) ? program.AttachTo : option ?? program.AttachTo;

    private List<InterfaceTarget> FindInterfaces(ProgramDescription program)
    {
        if (_existing is null)
        {
            InterfaceNamespace = _options.NetworkNamespace is { } name ? NetworkNamespaceHandle.Open(name) : null;
            _existing = InterfaceNamespace is { } space ? space.Run(NetworkTargets.Here) : NetworkTargets.Here();
        }

        var directed = program.Type == ProgramType.SchedCls;
        var direction = program.Kind.EndsWith(Egress, StringComparison.Ordinal) ? Egress : Ingress;
        string[] own = TargetText.Split(program.AttachTo);
        IEnumerable<string> texts = own.Length > 0 && (_options.AttachTo.ContainsKey(program.Name) || _options.Interfaces.Count == 0) ? own : _options.Interfaces;
        if (directed && own is [Ingress or Egress])
        {
            (direction, texts) = (own[0], _options.Interfaces);
        }

        var found = new List<InterfaceTarget>();
        foreach (var text in texts)
        {
            var slash = directed ? text.LastIndexOf('/') : -1;
            if (slash >= 0 && text[(slash + 1)..] is not (Ingress or Egress))
            {
                throw new BpfLoadException(LoadFault.NoTarget, $"Program '{program.Name}' cannot attach to '{text}': the direction after the interface is neither ingress nor egress.") { Program = program.Name };
            }

            var egress = (slash < 0 ? direction : text[(slash + 1)..]) == Egress;
            found.AddRange(Matching(program, slash < 0 ? text : text[..slash]).Select(one => new InterfaceTarget(one, egress)));
        }

        return [.. found.Distinct()];
    }

    private IEnumerable<NetworkInterfaceName> Matching(ProgramDescription program, string name)
    {
        var found = _existing!.Where(one => one.Name == name).ToArray();
        if (found.Length == 0 && TargetText.IsPattern(name))
        {
            found = [.. _existing!.Where(one => TargetText.Fits(name, one.Name))];
        }

        var where = _options.NetworkNamespace is { } space ? $" in network namespace '{space}'" : "";
        return found.Length > 0 ? found : throw new BpfLoadException(LoadFault.NoTarget, $"Program '{program.Name}' attaches to interface '{name}', which does not exist{where}.")
        {
            Program = program.Name,
            Suggestions = Suggest.Nearest(name, _existing!.Select(one => one.Name), MostNames),
            Remedy = Have(),
        };
    }

    private string Have() => $"There are {string.Join(", ", _existing!.Select(one => one.Name))}.";

    // The kernel runs one xdp program per interface.
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
                        Remedy = "Attach each to its own interface, or leave one of them out.",
                    };
                }
            }
        }
    }

    private static BpfLoadException None(ProgramDescription program, string what, string remedy) =>
        new(LoadFault.NoPlace, $"Program '{program.Name}' ({program.SectionName}) needs a {what} to attach to, and none is named.") { Program = program.Name, Remedy = remedy };
}

/// <summary>Finds the map that a program attaches to: the named one, or the only one of a suitable type.</summary>
internal static class TargetMap
{
    /// <summary>Returns the name of the map.</summary>
    /// <exception cref="BpfLoadException">The map does not exist or has an unsuitable type, or none is named and not exactly one is suitable.</exception>
    public static string Choose(ProgramDescription program, IReadOnlyList<MapType> types, ObjectFile file)
    {
        var fitting = Fitting(types, file);
        if (program.TargetMap is not { } name)
        {
            return fitting.Length == 1 ? fitting[0] : throw None(program, types, file);
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

    /// <summary>Returns the names of an object's maps of some types.</summary>
    public static string[] Fitting(IReadOnlyList<MapType> types, ObjectFile file) => [.. file.Maps.Where(map => !map.IsInternal && types.Contains(map.Type)).Select(map => map.Name)];

    /// <summary>Returns the exception for a program without a map name in an object with several suitable maps, or none.</summary>
    public static BpfLoadException None(ProgramDescription program, IReadOnlyList<MapType> types, ObjectFile file) =>
        new(LoadFault.NoPlace, $"Program '{program.Name}' ({program.SectionName}) needs a map to attach to, and none is named.") { Program = program.Name, Remedy = Have(types, Fitting(types, file)) };

    private static string Have(IReadOnlyList<MapType> types, string[] fitting) =>
        $"Name a map of type {string.Join(" or ", types)}. " + (fitting.Length > 0 ? $"Its object has {string.Join(", ", fitting)}." : "Its object has none.");
}
