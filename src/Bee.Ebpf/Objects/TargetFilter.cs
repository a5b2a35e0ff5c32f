using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Objects;

/// <summary>
/// An object's own filter by containers: a map of cgroups or mount namespaces that the loader fills, and variables that switch the filter on before the load. bee.h declares one, and so does
/// <c>gadget/mntns_filter.h</c> of Inspektor Gadget.
/// </summary>
/// <param name="Map">The name of the map.</param>
/// <param name="Switches">The variables, of one byte each: several if the object was linked from several files.</param>
/// <param name="HasCgroups">Whether keys can be cgroups too. If not, all keys are mount namespaces.</param>
internal sealed record TargetFilter(string Map, IReadOnlyList<ParameterDescription> Switches, bool HasCgroups)
{
    /// <summary>The map of bee.h. Every object that includes bee.h has it.</summary>
    public const string MapName = "bee_targets";

    /// <summary>The variable of bee.h. Only objects that call <c>bee_targeted_here</c> have it.</summary>
    public const string SwitchName = "bee_targets_only";

    private const string GadgetMap = "gadget_mntns_filter_map", GadgetSwitch = "gadget_filter_by_mntns";

    // bee.h declares one entry, so that tools without a limit take no memory.
    private const uint Entries = 16384;

    private const ulong MountNamespaceBit = 1ul << 63;

    /// <summary>Finds the filter of an object.</summary>
    /// <param name="maps">The maps of the object.</param>
    /// <param name="parameters">Its <c>const volatile</c> variables, including those of bee.h.</param>
    /// <returns>The filter; null if the object has none.</returns>
    public static TargetFilter? Find(IReadOnlyList<MapDescription> maps, IReadOnlyList<ParameterDescription> parameters)
    {
        TargetFilter? Of(string map, string name, int valueSize, bool hasCgroups)
        {
            ParameterDescription[] switches = [.. parameters.Where(parameter => parameter.Name == name && parameter.Size == sizeof(byte))];
            return switches.Length > 0 && maps.Any(one => one.Name == map && one is { Type: MapType.Hash, KeySize: sizeof(ulong) } && one.ValueSize == valueSize)
                ? new TargetFilter(map, switches, hasCgroups)
                : null;
        }

        return Of(MapName, SwitchName, sizeof(byte), hasCgroups: true) ?? Of(GadgetMap, GadgetSwitch, sizeof(uint), hasCgroups: false);
    }

    /// <summary>Returns the values that switch the filter on.</summary>
    public BoundParameters On() => new([.. Switches.Select(parameter => new BoundParameter(parameter, [1]))]);

    /// <summary>Returns the object with room for targets in the map.</summary>
    public ObjectFile WithRoom(ObjectFile file) => file.WithMaps([.. file.Maps.Select(map => map.Name == Map && map.MaxEntries < Entries ? map.WithEntries(Entries) : map)]);

    /// <summary>Returns the key of a cgroup.</summary>
    /// <param name="id">The id of the cgroup (v2).</param>
    public static ulong CgroupKey(ulong id) => id;

    /// <summary>Returns the key of a mount namespace.</summary>
    /// <param name="id">Its inode number.</param>
    public ulong MountNamespaceKey(ulong id) => HasCgroups ? id | MountNamespaceBit : id;
}
