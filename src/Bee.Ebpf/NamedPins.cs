using System.Collections.Concurrent;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Objects;
using Bee.Posix;

namespace Bee.Ebpf;

/// <summary>
/// The pins that libbpf makes for maps that ask for it (<c>LIBBPF_PIN_BY_NAME</c>). A session removes those that a session of this process has made, when no program but its own
/// uses the map. Pins that were there before stay.
/// </summary>
internal sealed class NamedPins
{
    // Made by this process, by the map's id: the session that made a pin may end before another one that uses the map.
    private static readonly ConcurrentDictionary<int, string> s_made = new();

    private readonly int[] _maps;

    private NamedPins(int[] maps) => _maps = maps;

    /// <summary>Returns the paths of an object's pins that do not exist yet. Call it before the object is loaded.</summary>
    public static IReadOnlyList<(string Map, string Path)> Missing(ObjectFile file) =>
        [.. file.Maps.Where(map => map.IsPinned).Select(map => (map.Name, PathOf(map.Name))).Where(pin => FileStatus.Of(pin.Item2, followLink: false) is null)];

    /// <summary>Notes the pins that loading has made, and takes part in those of other sessions of this process. Null where the session has none.</summary>
    /// <param name="missing">What <see cref="Missing"/> gave.</param>
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
    /// <param name="programs">The ids of the session's own programs.</param>
    public void Remove(IReadOnlySet<int> programs)
    {
        var used = KernelIds.MapsOfPrograms(except: programs);
        foreach (var id in _maps.Where(id => !used.Contains(id)))
        {
            // By now the path may have another pin.
            if (s_made.TryRemove(id, out var path) && IdAt(path) == id)
            {
                _ = Libc.unlink(path);
            }
        }
    }

    // As libbpf makes it: the BPF file system takes no point in a name.
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
