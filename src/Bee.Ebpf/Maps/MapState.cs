using Bee.Posix;

namespace Bee.Ebpf;

/// <summary>What the kernel says of a map beside its entries, out of /proc/self/fdinfo.</summary>
internal static class MapState
{
    /// <summary>Whether user space may change it no more.</summary>
    public static bool IsFrozen(BpfMap map) => Read(map, "frozen:") == "1";

    /// <summary>Whether user space may only read it. The kernel keeps this with the descriptor, as the access mode in its octal flags, and not with the map.</summary>
    public static bool IsReadOnly(BpfMap map) => Read(map, "flags:") is [.., var mode] && (mode & 3) == 0;

    private static string? Read(BpfMap map, string name)
    {
        try
        {
            using var hold = new Lease(map.Owner);
            return RegularFile.ReadLines($"/proc/self/fdinfo/{map.Descriptor}").FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?[name.Length..].Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
