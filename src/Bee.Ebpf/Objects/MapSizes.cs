using System.Numerics;
using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Objects;

/// <summary>How many entries maps have: which types need a number, which take none, and which numbers the kernel refuses.</summary>
internal static class MapSizes
{
    /// <summary>Frames of a stack where the declaration does not say: the kernel's default for <c>kernel.perf_event_max_stack</c>.</summary>
    public const uint StackFrames = 127;

    private const uint AddressSize = 8, BuildIdSize = 32;

    // BPF_F_INNER_MAP: arrays of any length.
    private const uint InnerArray = 1 << 12;

    /// <summary>Bytes of a stack of <see cref="StackFrames"/>.</summary>
    /// <param name="flags">The flags of the stack map.</param>
    public static uint StackSize(uint flags) => StackFrames * ((flags & MapDescription.StackBuildId) != 0 ? BuildIdSize : AddressSize);

    /// <summary>Whether the kernel refuses a map because the declaration leaves its size to the loader, and neither metadata nor options give one.</summary>
    public static bool LacksEntries(MapDescription map) => map is { MaxEntries: 0, IsInternal: false } && TakesEntries(map.Type) && map.Type != MapType.PerfEventArray;

    /// <summary>Whether a map of maps declares its inner maps without a size that the kernel asks for: it takes only arrays as long as the declared one.</summary>
    public static bool LacksInnerEntries(MapDescription map) => map.Inner is { } inner && LacksEntries(inner) && TemplateEntries(inner) == 0;

    /// <summary>
    /// The entries of the map after which the kernel judges those that are put into a map of maps, where its declaration leaves them out. Only of arrays does it compare the
    /// number, so that of other types any does; 0 where the declaration must say it.
    /// </summary>
    /// <param name="inner">The inner map.</param>
    public static uint TemplateEntries(MapDescription inner) => inner.Type switch
    {
        _ when !LacksEntries(inner) => inner.MaxEntries,
        MapType.Array when (inner.Flags & InnerArray) != 0 => 1,
        MapType.Array or MapType.PerCpuArray or MapType.ProgramArray or MapType.CgroupArray or MapType.DevMap or MapType.CpuMap or MapType.XskMap or MapType.SockMap or MapType.ReusePortSockArray => 0,
        MapType.RingBuffer or MapType.UserRingBuffer => (uint)Environment.SystemPageSize,
        _ => 1,
    };

    /// <summary>Why a map cannot have so many entries, as a sentence; null if it can.</summary>
    /// <param name="map">The map.</param>
    /// <param name="entries">The number; for a ring, bytes.</param>
    public static string? WhyNot(MapDescription map, uint entries)
    {
        if (map.IsInternal)
        {
            return $"map '{map.Name}' holds global variables, and its size is theirs.";
        }

        if (!TakesEntries(map.Type))
        {
            return $"map '{map.Name}' is a {map.Type}, which has no number of entries.";
        }

        if (entries == 0)
        {
            return $"map '{map.Name}' needs one entry at least.";
        }

        var page = (uint)Environment.SystemPageSize;
        return map.Type is MapType.RingBuffer or MapType.UserRingBuffer && (!BitOperations.IsPow2(entries) || entries % page != 0)
            ? $"map '{map.Name}' is a {map.Type}, whose size in bytes is a power of two and a multiple of the page size, {page}; {entries} is not."
            : null;
    }

    // The kernel makes storages of objects and cgroups with 0 entries alone, and a struct_ops map with 1.
    private static bool TakesEntries(MapType type) => type is not (MapType.SocketStorage or MapType.InodeStorage or MapType.TaskStorage or MapType.CgroupLocalStorage
        or MapType.CgroupStorage or MapType.PerCpuCgroupStorage or MapType.StructOps);
}
