using System.Collections.Concurrent;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Objects;
using Bee.Posix;

namespace Bee.Ebpf;

/// <summary>
/// The pins that libbpf creates for maps with <c>LIBBPF_PIN_BY_NAME</c>. A session removes the pins that sessions of this process created, once no program of another session
/// uses the map. Earlier pins stay.
/// </summary>
internal sealed class NamedPins
{
    // The pins of this process by map id. Another session may still use a map when the session that created its pin is disposed.
    private static readonly ConcurrentDictionary<int, string> s_made = new();

    private readonly int[] _maps;

    private NamedPins(int[] maps) => _maps = maps;

    /// <summary>Returns the pins of an object that do not exist yet. Call this before loading the object.</summary>
    public static IReadOnlyList<(string Map, string Path)> Missing(ObjectFile file) =>
        [.. file.Maps.Where(map => map.IsPinned).Select(map => (map.Name, PathOf(map.Name))).Where(pin => FileStatus.Of(pin.Item2, followLink: false) is null)];

    /// <summary>Records the pins that loading has created. Returns null if the maps have no pins of this process.</summary>
    /// <param name="missing">The result of <see cref="Missing"/>.</param>
    /// <param name="maps">The loaded maps.</param>
    public static NamedPins? Of(IReadOnlyList<(string Map, string Path)> missing, IEnumerable<BpfMap> maps)
    {
        var pinned = maps.Where(map => map.Description.IsPinned).Select(map => (map.Name, Id: KernelIds.Of(map.Fd))).ToArray();
        foreach (var (name, path) in missing)
        {
            if (Array.Find(pinned, map => map.Name == name) is { Id: > 0 and var id } && IdAt(path) == id)
            {
                s_made[id] = path;
            }
        }

        int[] own = [.. pinned.Select(map => map.Id).Where(s_made.ContainsKey)];
        return own.Length > 0 ? new NamedPins(own) : null;
    }

    /// <summary>Removes the pins of maps that no other program uses.</summary>
    /// <param name="programs">The ids of the session's own programs, which do not count.</param>
    public void Remove(IReadOnlySet<int> programs)
    {
        var used = KernelIds.MapsOfPrograms(except: programs);
        foreach (var id in _maps.Where(id => !used.Contains(id)))
        {
            // Another pin may have replaced this one.
            if (s_made.TryRemove(id, out var path) && IdAt(path) == id)
            {
                _ = Libc.unlink(path);
            }
        }
    }

    // As libbpf does: the BPF file system rejects names with a dot.
    private static string PathOf(string map) => $"{PinPath.FileSystem}/{map.Replace('.', '_')}";

    private static int IdAt(string path)
    {
        var fd = LibbpfCalls.bpf_obj_get(path);
        if (fd < 0)
        {
            return 0;
        }

        try
        {
            return KernelObject.KindOf(fd) == KernelObjectKind.Map ? KernelIds.Of(fd) : 0;
        }
        finally
        {
            _ = Libc.close(fd);
        }
    }
}
