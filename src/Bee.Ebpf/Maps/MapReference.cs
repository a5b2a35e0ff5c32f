using Bee.Ebpf.Interop;
using Bee.Posix;

namespace Bee.Ebpf.Maps;

/// <summary>A value that stands for a map or a program: read as an id, written as an fd.</summary>
internal sealed class MapReference : IDisposable
{
    private readonly FdHandle _handle;

    private MapReference(FdHandle handle)
    {
        _handle = handle;
        Value = BitConverter.GetBytes(handle.Number);
    }

    /// <summary>The fd's bytes; good until this is disposed of.</summary>
    public byte[] Value { get; }

    /// <summary>Opens what an id in a value means; null for maps whose values are what they are.</summary>
    /// <exception cref="BpfMapException">There is nothing of that id.</exception>
    public static MapReference? For(BpfMap map, byte[] value)
    {
        var (isReference, what) = map.Description.Type switch
        {
            MapType.ArrayOfMaps or MapType.HashOfMaps => (true, "map"),
            MapType.ProgramArray => (true, "program"),
            _ => (false, ""),
        };
        if (!isReference)
        {
            return null;
        }

        var id = BitConverter.ToUInt32(value);
        var fd = what == "map" ? LibbpfCalls.bpf_map_get_fd_by_id(id) : LibbpfCalls.bpf_prog_get_fd_by_id(id);
        return fd >= 0 ? new MapReference(new FdHandle(fd)) : throw new BpfMapException(
            fd == -Libc.EPERM ? MapFault.NoPermission : MapFault.BadValue, map.Name,
            $"Map '{map.Name}' holds {what}s by their id, and the {what} {id} cannot be opened: {Libc.Describe(-fd)}.", "", -fd);
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();
}

/// <summary>What the kernel says of a map beside its entries, out of /proc/self/fdinfo.</summary>
internal static class MapState
{
    /// <summary>Whether user space may change it no more.</summary>
    public static bool IsFrozen(BpfMap map) => Read(map, "frozen:") == "1";

    /// <summary>Whether user space may only read it. The kernel keeps this with the fd, as the access mode in its octal flags, and not with the map.</summary>
    public static bool IsReadOnly(BpfMap map) => Read(map, "flags:") is [.., var mode] && (mode & 3) == 0;

    private static string? Read(BpfMap map, string name)
    {
        try
        {
            using var hold = new Lease(map.Owner);
            return RegularFile.ReadLines($"/proc/self/fdinfo/{map.Fd}").FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?[name.Length..].Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
