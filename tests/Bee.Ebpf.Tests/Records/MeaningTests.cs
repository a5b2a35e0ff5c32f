using System.Globalization;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Records;
namespace Bee.Ebpf.Tests.Records;

/// <summary>Typedef names with a meaning.</summary>
public sealed class MeaningTests
{
    private const string Declarations = """
        typedef ipv4_addr client_addr; typedef u32 plain; typedef duration wait_time;
        struct meant {
            ipv4_addr v4; client_addr v4b; ipv6_addr v6, mapped; mac_addr mac; net_port port; be16 p2; be32 b4; be64 b8; duration lat; wait_time w; ktime when; boottime boot;
            errno_value bad, ret; signal_nr sig; syscall_nr nr; byte_size size; uid_t uid; gid_t gid; plain n; ipv4_addr hops[2]; mac_addr macs[2]; ktime zero, far;
        };
        """;

    private const string Fill = """
        struct meant m; __builtin_memset(&m, 0, sizeof m);
        __builtin_memcpy(&m.v4, "\xc0\0\2\1", 4); __builtin_memcpy(&m.v4b, "\xff\xff\xff\xff", 4); m.v6.bytes[0] = 0x20; m.v6.bytes[1] = 1; m.v6.bytes[2] = 0xd; m.v6.bytes[3] = 0xb8; m.v6.bytes[15] = 1;
        __builtin_memset(m.mapped.bytes + 10, 0xff, 2); __builtin_memcpy(m.mapped.bytes + 12, "\x7f\0\0\1", 4);
        __builtin_memcpy(m.mac, "\2\0\x5e\x10\0\1", 6); __builtin_memcpy(&m.port, "\1\xbb", 2); __builtin_memcpy(&m.p2, "\0\x35", 2); __builtin_memcpy(&m.b4, "\0\0\1\2", 4); __builtin_memcpy(&m.b8, "\0\0\0\0\0\0\1\2", 8);
        m.lat = 1234567; m.w = 5; m.bad = -2; m.ret = 11; m.sig = 9; m.nr = 1; m.size = 1536; m.uid = 1000; m.gid = 100; m.n = 3; m.far = ~0ull;
        struct { s64 s, ns; } t; int clock_gettime(int, void *);
        __builtin_memcpy(m.hops, "\1\2\3\4\5\6\7\x8", 8); m.macs[1][5] = 255;
        clock_gettime(1, &t); m.when = t.s * 1000000000ull + t.ns; clock_gettime(7, &t); m.boot = t.s * 1000000000ull + t.ns;
        put(&m, sizeof m);
        """;

    [ClangFact]
    public void Typedef_names_determine_how_numbers_are_decoded()
    {
        var start = DateTime.Now;
        using var c = new CProgram(Declarations, ["struct meant"], Fill);
        var e = c.Event("meant").Decode(c.Output);
        Assert.Equal("192.0.2.1", e.Get("v4"));
        Assert.Equal("255.255.255.255", e.Get("v4b"));
        Assert.Equal("2001:db8::1", e.Get("v6"));
        Assert.Equal("::ffff:127.0.0.1", e.Get("mapped"));
        Assert.Equal("02:00:5e:10:00:01", e.Get("mac"));
        Assert.Equal((ushort)443, e.Get("port"));
        Assert.Equal((ushort)53, e.Get("p2"));
        Assert.Equal(0x102u, e.Get("b4"));
        Assert.Equal(0x102ul, e.Get("b8"));
        Assert.Equal(1234567ul, e.Get("lat"));
        Assert.Equal(5ul, e.Get("w"));
        Assert.Equal(Errno.ENOENT, e.Get("bad"));
        Assert.Equal(Errno.EAGAIN, e.Get("ret"));
        Assert.Equal(Signal.SIGKILL, e.Get("sig"));
        Assert.Equal("write", $"{e.Get("nr")}");
        Assert.Equal(1, Convert.ToInt32(e.Get("nr"), CultureInfo.InvariantCulture));
        Assert.Equal(1536ul, e.Get("size"));
        Assert.Equal(1000u, e.Get("uid"));
        Assert.Equal(3u, e.Get("n"));
        Assert.Equal(["1.2.3.4", "5.6.7.8"], (BpfArray<string>)e.Get("hops")!);
        Assert.Equal("00:00:00:00:00:ff", e.Get("macs[1]"));
        foreach (var name in new[] { "when", "boot" })
        {
            var moment = (DateTime)e.Get(name)!;
            Assert.Equal(DateTimeKind.Local, moment.Kind);
            Assert.InRange(moment, start.AddSeconds(-1), DateTime.Now.AddSeconds(1));
            Assert.Equal(moment, e.Get(name));
        }

        Assert.True((DateTime)e.Get("zero")! < start);
        Assert.True((DateTime)e.Get("far")! > start);
    }

    [ClangFact]
    public void Fields_have_the_meaning_of_their_typedef()
    {
        using var c = new CProgram(Declarations, ["struct meant"]);
        var fields = c.Event("meant").Fields.ToDictionary(f => f.Name);
        Assert.Equal(FieldMeaning.Ipv4, fields["v4b"].Meaning);
        Assert.Equal(FieldMeaning.Duration, fields["w"].Meaning);
        Assert.Equal(FieldMeaning.UserId, fields["uid"].Meaning);
        Assert.Equal(FieldMeaning.Syscall, fields["nr"].Meaning);
        Assert.Equal(FieldMeaning.Number, fields["n"].Meaning);
        Assert.Equal(FieldMeaning.Array, fields["hops"].Meaning);
        Assert.Equal((4, 4, "v4b"), (fields["v4b"].Offset, fields["v4b"].Size, fields["v4b"].CName));
        Assert.True(fields["lat"].AlignRight && !fields["v4"].AlignRight);
        Assert.All(fields.Values, f => Assert.InRange(f.Width, 4, 40));
    }

    [ClangFact]
    public void A_typedef_name_that_does_not_fit_its_type_is_ignored()
    {
        using var c = new CProgram("""
            struct a { u64 x; }; typedef struct a other; 
            struct odd { union { other duration; u8 mac_addr[3]; }; };
            typedef struct { u8 b[3]; } tiny_mac; 
            """, ["struct odd"]);
        var type = c.Event("odd");
        Assert.Equal([FieldMeaning.Object, FieldMeaning.Bytes], type.Fields.Skip(1).Select(f => f.Meaning));
    }

    [ClangFact]
    public void An_ipv6_addr_of_four_bytes_is_IPv4_as_in_BumbleBee()
    {
        using var c = new CProgram("#define ipv6_addr ipv6_wide\n#undef ipv6_addr\nstruct s { u32 x; };", ["struct s"]);
        Assert.Equal(FieldMeaning.Ipv4, TypedefMeaning.Of("ipv6_addr", c.Struct("s").Members[0].Type.Resolve())!.Meaning);
        Assert.Null(TypedefMeaning.Of("mac_addr", c.Struct("s").Members[0].Type.Resolve()));
    }
}
