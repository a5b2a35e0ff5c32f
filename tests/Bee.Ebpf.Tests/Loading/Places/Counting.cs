using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Tests.Loading;

/// <summary>Makes programs that count in a slot of their own.</summary>
internal static class Counting
{
    private const string Head = """
        #include "fixture.h"
        struct {
        	__uint(type, BPF_MAP_TYPE_ARRAY);
        	__uint(max_entries, 64);
        	__type(key, __u32);
        	__type(value, __u64);
        } gauge_seen SEC(".maps");
        static int seen(__u32 slot)
        {
        	__u64 *count = bpf_map_lookup_elem(&gauge_seen, &slot);
        	if (count)
        		__sync_fetch_and_add(count, 1);
        	return 0;
        }

        """;

    /// <summary>An object of programs p0, p1… of these sections; each runs a body, in which <c>seen(N)</c> counts.</summary>
    public static ObjectFile Object(params (string Section, string Context, string Body)[] programs) =>
        Fixture.Compile("counting", Head + string.Join('\n', programs.Select((p, i) => $"SEC(\"{p.Section}\") int p{i}({p.Context} *context) {{ {p.Body} }}")));

    /// <summary>The counts by slot.</summary>
    public static ulong[] Counts(this BpfSession session) =>
        [.. session.Maps.Single(m => m.Name == "gauge_seen").Entries().OrderBy(e => (uint)e.Get("Key")!).Select(e => (ulong)e.Get("Value")!)];

    /// <summary>Runs a session that sees this process alone.</summary>
    public static void RunOwn(ObjectFile file, Action<BpfSession> body) => Run(file, Calls.Own(file), body);

    /// <summary>Runs a session until it is done, and sees to it that neither programs nor links stay.</summary>
    public static void Run(ObjectFile file, BpfSessionOptions options, Action<BpfSession> body)
    {
        int[] programs, links;
        using (var session = BpfSession.Load(file, options))
        {
            programs = [.. session.Programs.Where(p => p.Id != 0).Select(p => p.Id)];
            session.Attach();
            links = [.. session.Programs.SelectMany(p => p.LinkIds)];
            body(session);
        }

        Assert.True(SpinWait.SpinUntil(() => !programs.Any(KernelObjects.ProgramExists), TimeSpan.FromSeconds(10)), "a program stays");
        Assert.True(SpinWait.SpinUntil(() => !links.Any(KernelObjects.LinkExists), TimeSpan.FromSeconds(10)), "a link stays");
    }
}
