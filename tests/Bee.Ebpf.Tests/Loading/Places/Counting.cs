using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Tests.Loading;

/// <summary>Compiles programs that count in slots of a map.</summary>
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

    /// <summary>Compiles an object with programs p0, p1… in these sections. Their bodies call <c>seen(N)</c> to count in slot N.</summary>
    public static ObjectFile Object(params (string Section, string Context, string Body)[] programs) =>
        Fixture.Compile("counting", Head + string.Join('\n', programs.Select((p, i) => $"SEC(\"{p.Section}\") int p{i}({p.Context} *context) {{ {p.Body} }}")));

    /// <summary>Returns the counts by slot.</summary>
    public static ulong[] Counts(this BpfSession session) =>
        [.. session.Maps.Single(m => m.Name == "gauge_seen").Entries().OrderBy(e => (uint)e.Get("Key")!).Select(e => (ulong)e.Get("Value")!)];

    /// <summary>Runs a session that sees only this process.</summary>
    public static void RunOwn(ObjectFile file, Action<BpfSession> body) => Run(file, Calls.Own(file), body);

    /// <summary>Attaches a session, runs the body, disposes the session and asserts that no program or link is left.</summary>
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

        Wait.Until(() => !programs.Any(KernelObjects.ProgramExists), "a program stays");
        Wait.Until(() => !links.Any(KernelObjects.LinkExists), "a link stays");
    }
}
