using System.Numerics;
using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Objects;

/// <summary>The rules for numbers of entries: which map types need one, which have none, and which numbers the kernel rejects.</summary>
internal static class MapSizes
{
    /// <summary>The number of frames if the declaration has none: the kernel's default for <c>kernel.perf_event_max_stack</c>.</summary>
    public const uint StackFrames = 127;

    private const uint AddressSize = 8, BuildIdSize = 32;

    // BPF_F_INNER_MAP: inner arrays may have any length.
    private const uint InnerArray = 1 << 12;

    /// <summary>Returns the size of a stack of <see cref="StackFrames"/> in bytes.</summary>
    /// <param name="flags">The flags of the stack map.</param>
    public static uint StackSize(uint flags) => StackFrames * ((flags & MapDescription.StackBuildId) != 0 ? BuildIdSize : AddressSize);

    /// <summary>Returns whether the kernel will reject a map because neither declaration, metadata nor options set its number of entries.</summary>
    public static bool LacksEntries(MapDescription map) => map is { MaxEntries: 0, IsInternal: false } && TakesEntries(map.Type) && map.Type != MapType.PerfEventArray;

    /// <summary>Returns whether a map of maps declares inner arrays without a length. The kernel accepts only arrays of the declared length.</summary>
    public static bool LacksInnerEntries(MapDescription map) => map.Inner is { } inner && LacksEntries(inner) && TemplateEntries(inner) == 0;

    /// <summary>
    /// Returns the number of entries of the template for inner maps, if the declaration has none. The kernel compares the number only for arrays, so for
    /// other types any number works; 0 if the declaration must have it.
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

    /// <summary>Returns why a map cannot have a number of entries, as a sentence; null if it can.</summary>
    /// <param name="map">The map.</param>
    /// <param name="entries">The number of entries; for a ring, the size in bytes.</param>
    public static string? WhyNot(MapDescription map, uint entries)
    {
        if (map.IsInternal)
        {
            return $"map '{map.Name}' holds global variables, which determine its size.";
        }

        if (!TakesEntries(map.Type))
        {
            return $"map '{map.Name}' is a {map.Type}, which has no number of entries.";
        }

        if (entries == 0)
        {
            return $"map '{map.Name}' needs at least one entry.";
        }

        var page = (uint)Environment.SystemPageSize;
        return map.Type is MapType.RingBuffer or MapType.UserRingBuffer && (!BitOperations.IsPow2(entries) || entries % page != 0)
            ? $"map '{map.Name}' is a {map.Type}, whose size in bytes must be a power of two and a multiple of the page size, {page}; {entries} is not."
            : null;
    }

    // The kernel creates socket, inode, task and cgroup storage only with 0 entries, and struct_ops maps with 1.
    private static bool TakesEntries(MapType type) => type is not (MapType.SocketStorage or MapType.InodeStorage or MapType.TaskStorage or MapType.CgroupLocalStorage
        or MapType.CgroupStorage or MapType.PerCpuCgroupStorage or MapType.StructOps);
}
