using Bee.Ebpf.Interop;
using Bee.Posix;

namespace Bee.Ebpf.Maps;

/// <summary>A value that refers to a map or program. The kernel returns it as an id, and takes it as an fd.</summary>
internal sealed class MapReference : IDisposable
{
    private readonly FdHandle _handle;

    private MapReference(FdHandle handle)
    {
        _handle = handle;
        Value = BitConverter.GetBytes(handle.Number);
    }

    /// <summary>The bytes of the fd, valid until this is disposed.</summary>
    public byte[] Value { get; }

    /// <summary>Opens the map or program that the id in a value refers to; returns null for maps with plain values.</summary>
    /// <exception cref="BpfMapException">The map or program cannot be opened.</exception>
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
            $"Map '{map.Name}' refers to {what}s by id, and {what} {id} cannot be opened: {Libc.Describe(-fd)}.", "", -fd);
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();
}

/// <summary>Reads the state of a map from /proc/self/fdinfo.</summary>
internal static class MapState
{
    /// <summary>Returns whether user space can no longer change the map.</summary>
    public static bool IsFrozen(BpfMap map) => Read(map, "frozen:") == "1";

    /// <summary>Returns whether user space can only read the map. The kernel keeps this with the fd: it is the access mode in the octal flags.</summary>
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
