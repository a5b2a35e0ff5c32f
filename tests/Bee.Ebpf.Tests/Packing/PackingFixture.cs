using System.Buffers;
using System.Runtime.InteropServices;
using Bee.Ebpf.Events;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Packing;
using Bee.Ebpf.Records;
using Bee.Ebpf.Symbols;
using Bee.Ebpf.Tests.Loading;

namespace Bee.Ebpf.Tests.Packing;

/// <summary>A tool with a map for each kind of object, and an object of each kind, created without the kernel.</summary>
internal static class PackingFixture
{
    /// <summary>The collection of tests that run one after another: they create the same types, and a type has one origin.</summary>
    public const string Collection = "packing";

    private const string Source = """
        #include <linux/bpf.h>
        #include <bpf/bpf_helpers.h>
        char LICENSE[] SEC("license") = "GPL";
        typedef __u64 ktime; typedef __u64 boottime; typedef __u32 uid_t; typedef __u32 gid_t; typedef __s32 syscall_nr; typedef __u64 duration; typedef __s32 errno_value;
        typedef __s32 kernel_stack_id; typedef __s32 user_stack_id; typedef __u32 gadget_file_flags; typedef __u32 ipv4_addr; typedef __s32 stack_id;
        typedef __u64 cgroup_id; typedef __u32 mntns_id;
        enum colour { RED = 1, GREEN = 2, BLUE = 70000 };
        struct inner { __u16 port; ktime at; uid_t owner; };
        struct plain { __u32 pid; char comm[16]; __u64 size; enum colour colour; __u32 low : 3; __u32 high : 13; ipv4_addr peer; char words[24]; float part; };
        struct timed { ktime at; boottime since; uid_t uid; gid_t gid; syscall_nr call; errno_value error; gadget_file_flags flags_raw; struct inner inner; struct inner inners[2]; ktime times[2]; };
        struct open { __u32 pid; __u16 count; struct inner items[]; };
        struct stacked { __u32 pid; kernel_stack_id kernel_stack; user_stack_id user_stack; ktime at; };
        struct observed { char comm[8]; uid_t uid; duration took; };
        struct placed { cgroup_id cgroup; mntns_id mount; char comm[16]; ktime at; };
        struct measured { cgroup_id cgroup; duration took; };
        struct slots { __u32 slots[8]; __u64 sum; };
        struct key { uid_t uid; char comm[5]; } __attribute__((packed));
        struct value { __u64 count; ktime last; };
        struct thread { __u32 pid; char comm[16]; boottime started; };
        #define RING(name, type) struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); __type(value, type); } name SEC(".maps");
        #undef RING
        #define RING(name, of) struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); __type(value, of); } name SEC(".maps");
        RING(print_plain, struct plain)
        RING(print_timed, struct timed)
        RING(print_open, struct open)
        RING(print_stacked, struct stacked)
        RING(print_number, __u64)
        RING(hist_observed_ns, struct observed)
        RING(print_placed, struct placed)
        RING(hist_measured, struct measured)
        struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } print_bytes SEC(".maps");
        struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } typed_later SEC(".maps");
        struct { __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY); __type(key, __u32); __type(value, struct plain); } print_perf SEC(".maps");
        struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 16); __type(key, struct key); __type(value, struct value); } counter_entries SEC(".maps");
        struct { __uint(type, BPF_MAP_TYPE_PERCPU_HASH); __uint(max_entries, 16); __type(key, struct key); __type(value, struct value); } counter_percpu SEC(".maps");
        struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, 4); __type(key, __u32); __type(value, __u32); } counter_numbers SEC(".maps");
        struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 16); __type(key, cgroup_id); __type(value, __u64); } counter_placed SEC(".maps");
        struct { __uint(type, BPF_MAP_TYPE_QUEUE); __uint(max_entries, 4); __type(value, __u32); } waiting SEC(".maps");
        struct { __uint(type, BPF_MAP_TYPE_STACK_TRACE); __uint(max_entries, 16); __uint(key_size, 4); __uint(value_size, 32); } stacks SEC(".maps");
        struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 16); __type(key, stack_id); __type(value, __u64); } counter_by_stack SEC(".maps");
        struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 16); __type(key, struct key); __type(value, struct slots); } hist_slots SEC(".maps");
        struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 27); __type(key, __u32); __type(value, __u64); } hist_array SEC(".maps");
        struct inner_map { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 7); __type(key, __u32); __type(value, struct value); };
        struct { __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); __uint(max_entries, 2); __type(key, __u32); __array(values, struct inner_map); } outer SEC(".maps");
        struct plain *_plain; struct thread *_thread;
        int shown = 5; char name[8] = "tool";
        SEC("iter/task") int threads(void *context) { return 0; }
        SEC("tracepoint/syscalls/sys_enter_getpgid") int on_call(void *context)
        {
        	__u32 zero = 0;
        	void *maps[] = { &print_plain, &print_timed, &print_open, &print_stacked, &print_number, &hist_observed_ns, &print_bytes, &typed_later, &counter_entries, &counter_percpu,
        		&counter_numbers, &counter_by_stack, &hist_slots, &hist_array, &outer, &print_placed, &hist_measured, &counter_placed };
        	bpf_map_lookup_elem(&counter_numbers, &zero);
        	return shown + name[0];
        }
        """;

    private static readonly Lazy<ObjectFile> s_file = new(Compile);

    /// <summary>Returns a new instance of the tool.</summary>
    public static ObjectFile File => Parse(s_file.Value.Bytes);

    /// <summary>A host with clock offsets and names that differ from this machine.</summary>
    public static RecordHost OtherHost()
    {
        var host = new RecordHost(new ClockDistances(1_234_567_890_123_456_789, 1_111_111_111_111_111_111));
        host.Add(new Account(false, 1000), "ada");
        host.Add(new Account(true, 1000), "authors");
        host.Add(new Account(false, 0), "chief");
        return host;
    }

    /// <summary>Returns an object of each kind.</summary>
    /// <param name="file">The tool.</param>
    public static List<BpfEvent> Objects(ObjectFile file)
    {
        var objects = new List<BpfEvent>();
        RecordType Events(string map) => (RecordType)RecordOrigin.Note(file, Map(file, map), RecordType.ForEvent(Map(file, map))).Type;
        EntryType Entries(string map) => (EntryType)RecordOrigin.Note(file, Map(file, map), null, EntryType.ForMap(Map(file, map))).Type;

        var plain = Events("print_plain");
        var bytes = Filled(plain.Size);
        objects.Add(plain.Decode(bytes));
        objects.Add(plain.Extend(plain.Decode(bytes), [1, 2, 3]));
        objects.Add(plain.Truncate(plain.Decode([.. bytes.AsSpan(0, 30), .. new byte[bytes.Length - 30]]), 30));
        objects.Add(Events("print_perf").Decode(bytes));
        objects.Add(Events("typed_later").Decode(bytes));

        var timed = Events("print_timed");
        bytes = Filled(timed.Size);
        MemoryMarshal.Write(bytes, 5_000_000_000ul);
        MemoryMarshal.Write(bytes.AsSpan(8), 7_000_000_000ul);
        MemoryMarshal.Write(bytes.AsSpan(16), 1000);
        MemoryMarshal.Write(bytes.AsSpan(20), 1000);
        MemoryMarshal.Write(bytes.AsSpan(24), 3);
        MemoryMarshal.Write(bytes.AsSpan(28), 2);
        MemoryMarshal.Write(bytes.AsSpan(32), 0x10241);
        objects.Add(timed.Decode(bytes));
        objects.Add(timed.Extend(timed.Decode(bytes), [9]));
        objects.Add(timed.Truncate(timed.Decode([.. bytes.AsSpan(0, 40), .. new byte[bytes.Length - 40]]), 40));

        var open = Events("print_open");
        objects.Add(open.Decode(Filled(open.Size)));
        objects.Add(open.Decode(Filled(8 + 3 * 24)));
        objects.Add(Events("print_number").Decode(Filled(8)));
        objects.Add(Events("print_bytes").Decode(Filled(11)));
        objects.Add(Events("print_bytes").Decode([]));

        var stacked = Events("print_stacked");
        objects.Add(stacked.Decode(Filled(stacked.Size)));
        foreach (var stacks in new StackTrace[][] { [Kernel(1), User(2)], [Kernel(1), new StackTrace(-14, Errno.EFAULT, [])], [Kernel(3), User(null)] })
        {
            var e = stacked.Decode(Filled(stacked.Size));
            e.Keep(stacks);
            objects.Add(e);
        }

        var entry = Entries("counter_entries");
        byte[] key = [0xe8, 3, 0, 0, .. "sh\0xx"u8];
        objects.Add(entry.Decode(key, Filled(16)));
        objects.Add(Entries("counter_percpu").Decode(key, Filled(3 * 16)));
        objects.Add(Entries("counter_numbers").Decode([2, 0, 0, 0], Filled(5 * 8)));
        objects.Add(Entries("waiting").Decode([], Filled(4)));
        var byStack = Entries("counter_by_stack").Decode([5, 0, 0, 0], Filled(8));
        byStack.Keep([User(5)]);
        objects.Add(byStack);
        var stack = Entries("stacks").Decode([1, 0, 0, 0], Filled(32));
        stack.Keep([Kernel(null)]);
        objects.Add(stack);
        var outer = Map(file, "outer");
        var inner = new MapDescription { Name = "outer/1", Type = MapType.Hash, KeySize = 4, ValueSize = 16, MaxEntries = 9, Key = outer.Inner!.Key, Value = outer.Inner.Value };
        objects.Add(((EntryType)RecordOrigin.Note(file, inner, outer, EntryType.ForMap(inner)).Type).Decode(Filled(4), Filled(16)));
        objects.Add(Entries(".data").Decode(new byte[4], Filled((int)Map(file, ".data").ValueSize)));

        var observed = (HistogramType)RecordOrigin.Note(file, Map(file, "hist_observed_ns"), HistogramType.For(Map(file, "hist_observed_ns"), out _)!).Type;
        objects.Add(observed.Make(((RecordType)observed.Plan.Source).Decode([.. "sshd\0abc"u8, 0xe8, 3, 0, 0, .. new byte[12]]), 7, 12.5, [0, 3, 0, 4, .. new ulong[61]]));
        var slots = (HistogramType)RecordOrigin.Note(file, Map(file, "hist_slots"), HistogramType.For(Map(file, "hist_slots"), out _)!).Type;
        objects.Add(slots.Make(((EntryType)slots.Plan.Source).Decode(key, Filled(40)), ulong.MaxValue, null, [0, 0, ulong.MaxValue, .. new ulong[62]]));
        var array = (HistogramType)RecordOrigin.Note(file, Map(file, "hist_array"), HistogramType.For(Map(file, "hist_array"), out _)!).Type;
        objects.Add(array.Make(((EntryType)array.Plan.Source).Decode(new byte[4], Filled(8)), 2, null, [0, 1, 1, .. new ulong[62]]));

        var iterator = file.Programs.Single(program => program.Name == "threads");
        var threads = RecordType.ForStruct(iterator.Record!, iterator.Name, new MapMetadata { Fields = iterator.Metadata.Fields });
        RecordOrigin.Note(file, null, threads);
        objects.Add(threads.Decode(Filled(threads.Size)));
        var anything = RecordType.ForBytes("on_call");
        RecordOrigin.Note(file, null, anything);
        objects.Add(anything.Decode(Filled(9)));
        objects.Add(new IteratorLine("a line\twith ä"));
        objects.Add(new TraceLine(new DateTime(2026, 3, 29, 0, 59, 59, 123, DateTimeKind.Utc).ToLocalTime(), 3, 70, 71, "sh", "on_call", "text"));
        objects.Add(new TraceLine(DateTime.UnixEpoch.ToLocalTime(), -1, 0, -5, "", null!, ""));
        return objects;
    }

    /// <summary>Returns objects with the names of containers, and of other hosts.</summary>
    /// <param name="file">The tool.</param>
    public static List<BpfEvent> Placed(ObjectFile file)
    {
        var names = new ContainerNames
        {
            Id = "4f0c1d2e3a5b6978",
            Container = "web",
            Image = "docker.io/library/nginx:1.27",
            Pod = "web-5d9c7",
            Namespace = "shop",
            Node = "node1",
            Owner = "Deployment/web",
            Labels = new Dictionary<string, string> { ["app"] = "web", ["tier"] = "front" },
        };
        var unknown = new ContainerNames { Id = "0123456789abcdef", Container = "0123456789ab" };
        var objects = new List<BpfEvent>();
        foreach (var extras in new[] { RecordExtras.Container, RecordExtras.Container | RecordExtras.Sender, RecordExtras.Sender })
        {
            var placed = (RecordType)RecordOrigin.Note(file, Map(file, "print_placed"), RecordType.ForEvent(Map(file, "print_placed"), extras)).Type;
            byte[] bytes = [7, 0, 0, 0, 0, 0, 0, 0, 0xe0, 0xff, 0xff, 0xef, .. "nginx"u8, .. new byte[placed.Size - 17]];
            BpfEvent[] events = [placed.Decode(bytes), placed.Decode(bytes), placed.Decode(bytes), placed.Extend(placed.Decode(bytes), [1, 2, 3]), placed.Truncate(placed.Decode(bytes), 20)];
            var entry = ((EntryType)RecordOrigin.Note(file, Map(file, "counter_placed"), null, EntryType.ForMap(Map(file, "counter_placed"), extras)).Type).Decode(bytes.AsSpan(0, 8), Filled(8));
            var measured = (HistogramType)RecordOrigin.Note(file, Map(file, "hist_measured"), HistogramType.For(Map(file, "hist_measured"), out _, extras)!).Type;
            var histogram = measured.Make(((RecordType)measured.Plan.Source).Decode([.. bytes.AsSpan(0, 8), .. new byte[8]]), 3, 12.5, [0, 3, .. new ulong[63]]);
            foreach (var (e, container) in events.Append(entry).Append(histogram).Zip(new[] { names, null, unknown, names, unknown, names, names }))
            {
                e.Place(container);
                e.Mark(new RecordSender("db1", Late: objects.Count % 2 == 0));
                objects.Add(e);
            }
        }

        var (line, text) = (new HostTraceLine(DateTime.UnixEpoch.AddDays(1).ToLocalTime(), 3, 70, 71, "sh", "on_call", "text"), new HostIteratorLine("a line"));
        line.Mark(new RecordSender("db1", Late: true));
        text.Mark(new RecordSender("db2", Late: false));
        // The histogram is of the host that wrote the capture.
        objects[^1].Mark(null);
        return [.. objects, line, text];
    }

    /// <summary>Packs objects as one block.</summary>
    public static byte[] Pack(IEnumerable<BpfEvent> objects, EventPacker? packer = null)
    {
        packer ??= new EventPacker();
        var to = new ArrayBufferWriter<byte>();
        foreach (var e in objects)
        {
            packer.Pack(e, to);
        }

        return to.WrittenSpan.ToArray();
    }

    /// <summary>Unpacks all objects.</summary>
    public static List<BpfEvent> Unpack(ReadOnlySpan<byte> items, EventUnpacker? unpacker = null)
    {
        var sink = new CollectingSink();
        Assert.True((unpacker ?? new EventUnpacker()).Read(ref items, sink));
        Assert.True(items.IsEmpty);
        return sink.Events;
    }

    public static MapDescription Map(ObjectFile file, string name) => file.Maps.Single(map => map.Name == name);

    private static ObjectFile Parse(ReadOnlyMemory<byte> bytes) => ObjectFile.Read(bytes, "packing.o").WithMetadata(new ObjectMetadata
    {
        Maps = new Dictionary<string, MapMetadata>
        {
            ["typed_later"] = new() { Type = "struct plain", Fields = new Dictionary<string, FieldMetadata> { ["words"] = new() { Words = true, Description = "what was run", Order = 1 } } },
            ["hist_observed_ns"] = new() { Help = "How long it took.", Labels = ["comm", "uid"] },
            ["hist_array"] = new() { Entries = 12, Unit = "pages", Scale = new() { Spacing = HistogramSpacing.Linear, Start = 1, Step = 2 } },
        },
        Programs = new Dictionary<string, ProgramMetadata> { ["threads"] = new() { Type = "struct thread", Fields = new Dictionary<string, FieldMetadata> { ["comm"] = new() { Width = 9 } } } },
        Parameters = new Dictionary<string, ParameterMetadata> { ["shown"] = new() { Description = "How many are shown.", Default = 7 } },
    });

    // Without names of folders, since a golden stream contains the object.
    private static ObjectFile Compile()
    {
        var folder = Directory.CreateTempSubdirectory("bee-packing-").FullName;
        try
        {
            var input = Path.Combine(folder, "packing.c");
            System.IO.File.WriteAllText(input, Source);
            Fixture.Run(
                "clang", "-g", "-O2", "-target", "bpf", $"-ffile-prefix-map={folder}/=", "-fdebug-compilation-dir=.", "-I/usr/include/x86_64-linux-gnu", "-I/usr/include/aarch64-linux-gnu",
                "-c", input, "-o", input + ".o");
            return Parse(System.IO.File.ReadAllBytes(input + ".o"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static byte[] Filled(int size) => [.. Enumerable.Range(0, size).Select(i => (byte)(i * 7 % 100))];

    private static StackTrace Kernel(int? id) => new(id, default,
    [
        Frame(0xffffffff81234567, new("vfs_read", 0x4c, "kernel", null), null, true), Frame(0xffffffffc0001000, new("nf_hook", 1, "nf_tables", null), null, true),
        Frame(0xffffffff81000000, new(null, null, "kernel", null), null, true),
    ]);

    private static StackTrace User(int? id) => new(id, default,
    [
        Frame(0x7f0000001234, new("main", 0x10, "/usr/bin/app", 0x1234), null, false), Frame(0, new("start", 0, "/lib/libc.so.6", 0x9a3c1), "00112233445566778899aabbccddeeff00112233", false),
        Frame(0x1000, FrameName.Unknown, null, false), Frame(0x2000, new(null, null, "[vdso]", null), null, false),
    ]);

    private static StackFrame Frame(ulong address, FrameName name, string? buildId, bool isKernel) => new(address, new CapturedFrame(name, buildId, isKernel), isCaller: false);
}
