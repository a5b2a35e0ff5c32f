using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Checks;

/// <summary>Whether each map has the size that the kernel wants.</summary>
internal static class MapSizeCheck
{
    private const string Name = "MapSizes";

    public static IEnumerable<CheckResult> Run(CheckContext context)
    {
        // Single global variables are parts of maps, not maps of the kernel.
        var maps = context.File.Maps.Where(map => map.Place is null).ToList();
        var isSound = maps.Count > 0;
        foreach (var map in maps)
        {
            if (MapSizes.LacksEntries(map))
            {
                isSound = false;
                yield return new(Name, CheckState.Failed, $"The declaration of map {map.Name} ({map.Type}) leaves its size to the loader.")
                {
                    Target = map.Name,
                    Remedy = $"Declare it (__uint(max_entries, 10240)), or give it in bee.yaml: maps: {{ {map.Name}: {{ entries: 10240 }} }}.",
                };
            }

            if (map.Inner is { } inner && MapSizes.LacksEntries(inner))
            {
                isSound = false;
                yield return new(Name, CheckState.Failed, $"The maps inside of {map.Name} ({inner.Type}) have no entries, and the kernel makes no such map.")
                {
                    Target = map.Name,
                    Remedy = "Declare them: __uint(max_entries, 1024) in the struct that values names.",
                };
            }
        }

        if (isSound)
        {
            yield return new(Name, CheckState.Ok, "Each map has a size.");
        }
    }
}

/// <summary>Helpers that no kernel lets programs of some types call. What depends on the kernel's version is not in here: the verifier tells that.</summary>
internal static class HelperTypes
{
    // skb_store_bytes, l3_csum_replace, l4_csum_replace, clone_redirect, skb_vlan_push, skb_vlan_pop, skb_load_bytes, skb_change_proto, skb_change_type,
    // skb_change_tail, skb_pull_data, skb_change_head, xdp_adjust_head, redirect_map, xdp_adjust_meta, xdp_adjust_tail, skb_load_bytes_relative, xdp_load_bytes, xdp_store_bytes.
    private static readonly HashSet<int> s_packets = [9, 10, 11, 13, 18, 19, 26, 31, 32, 38, 39, 43, 44, 51, 54, 65, 68, 189, 190];

    private const int L3Checksum = 10, L4Checksum = 11, RedirectMap = 51;

    // xdp_adjust_head, xdp_adjust_meta, xdp_adjust_tail, xdp_load_bytes, xdp_store_bytes.
    private static readonly HashSet<int> s_xdp = [44, 54, 65, 189, 190];

    // get_stackid, override_return, get_stack, d_path.
    private static readonly HashSet<int> s_tracing = [27, 58, 67, 147];

    /// <summary>Whether the kernel certainly refuses the call.</summary>
    /// <param name="helper">The helper's number.</param>
    /// <param name="type">The type of the program that calls it.</param>
    public static bool IsRefused(int helper, ProgramType type) => type switch
    {
        ProgramType.Kprobe or ProgramType.Tracepoint or ProgramType.PerfEvent or ProgramType.RawTracepoint or ProgramType.RawTracepointWritable => s_packets.Contains(helper),
        ProgramType.Xdp => s_tracing.Contains(helper) || (s_packets.Contains(helper) && !s_xdp.Contains(helper) && helper is not (RedirectMap or L3Checksum or L4Checksum)),
        ProgramType.SocketFilter or ProgramType.SchedCls or ProgramType.SchedAct or ProgramType.CgroupSkb => s_tracing.Contains(helper) || s_xdp.Contains(helper),
        _ => false,
    };

}
