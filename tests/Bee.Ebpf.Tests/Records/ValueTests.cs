using System.Numerics;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Tests.Records;

/// <summary>Every kind of value, compared with what a C program stored.</summary>
public sealed class ValueTests
{
    private const string Kinds = """
        enum state { IDLE, RUNNING = 5, DONE = 9 };
        enum mode { R = 1, W = 2, X = 4, RW = 3 };
        enum level { LOW = -1, HIGH = 1 };
        enum huge { HUGE_NONE, HUGE_TOP = 0x80000000u };
        struct point { s16 x, y; };
        struct packed { u8 a; u64 b; u16 c; } __attribute__((packed));
        typedef struct { int inner; } nameless;
        struct kinds {
            u8 small; s8 neg; u16 u2; s16 s2; u32 u4; s32 s4; u64 big; s64 negbig; s128 i128; u128 u128_; s128 max128;
            float f; double d; _Bool yes, no; void *ptr; int (*call)(int);
            enum state st, odd; enum mode md; enum level lv; enum huge hg;
            char comm[16]; char full[4]; char bad[4]; char empty[3]; u8 raw[4]; s8 signs[2]; u16 nums[3]; int grid[2][3];
            struct point pt; struct point pts[2]; char names[2][8]; _Bool flags[3]; enum state sts[2]; void *ptrs[2]; u8 table[2][2]; float fs[2];
            union { u32 word; u8 bytes[4]; struct point pt; } un;
            struct { int anon_a; union { int anon_b; float anon_c; struct { u8 deep; }; }; };
            struct packed pk; nameless td; struct { int unnamed; } it; const volatile u32 cv;
        };
        """;

    private const string Fill = """
        struct kinds a; __builtin_memset(&a, 0xEE, sizeof a);
        a.small = 200; a.neg = -5; a.u2 = 65535; a.s2 = -32768; a.u4 = 4294967295u; a.s4 = -2147483647 - 1; a.big = ~0ull; a.negbig = 1ull << 63;
        a.i128 = -5; a.u128_ = (u128)1 << 127; a.max128 = (s128)(((u128)1 << 127) - 1);
        a.f = 1.1f; a.d = 0.1; a.yes = 1; a.no = 0; a.ptr = (void *)0xffff888012345678ull; a.call = (void *)1;
        a.st = RUNNING; a.odd = 7; a.md = R | X; a.lv = LOW; a.hg = HUGE_TOP;
        __builtin_memcpy(a.comm, "ssh \"q\",\xc3\xa9", 11); __builtin_memcpy(a.full, "abcd", 4); __builtin_memcpy(a.bad, "a\xff" "b", 4); a.empty[0] = 0;
        __builtin_memcpy(a.raw, "\1\2\xff", 4); a.signs[0] = -1; a.signs[1] = 127; a.nums[0] = 1; a.nums[1] = 65535; a.nums[2] = 0;
        for (int i = 0; i < 6; i++) a.grid[i / 3][i % 3] = i - 2;
        a.pt.x = -1; a.pt.y = 2; for (int i = 0; i < 2; i++) { a.pts[i].x = i; a.pts[i].y = -i; a.sts[i] = i ? DONE : IDLE; a.ptrs[i] = (void *)(long)i; a.fs[i] = i / 4.0f; }
        __builtin_memcpy(a.names[0], "ab c", 5); __builtin_memcpy(a.names[1], "12345678", 8);
        a.flags[0] = 1; a.flags[1] = 0; a.flags[2] = 1; __builtin_memcpy(a.table, "\1\2\3\4", 4);
        a.un.word = 0x04030201; a.anon_a = -7; a.anon_b = 0x40200001; a.pk.a = 1; a.pk.b = 0x1122334455667788ull; a.pk.c = 3; a.td.inner = 8; a.it.unnamed = 9;
        *(volatile u32 *)&a.cv = 77;
        put(&a, sizeof a);
        """;

    [ClangFact]
    public void Every_kind_of_value_is_decoded()
    {
        using var c = new CProgram(Kinds, ["struct kinds"], Fill);
        var type = c.Event("kinds");
        Assert.Equal(c.Output.Length, type.Size);
        var e = type.Decode(c.Output);

        Assert.Equal((byte)200, e.Get("small"));
        Assert.Equal((sbyte)-5, e.Get("neg"));
        Assert.Equal(ushort.MaxValue, e.Get("u2"));
        Assert.Equal(short.MinValue, e.Get("s2"));
        Assert.Equal(uint.MaxValue, e.Get("u4"));
        Assert.Equal(int.MinValue, e.Get("s4"));
        Assert.Equal(ulong.MaxValue, e.Get("big"));
        Assert.Equal(long.MinValue, e.Get("negbig"));
        Assert.Equal(new BigInteger(-5), e.Get("i128"));
        Assert.Equal(BigInteger.One << 127, e.Get("u128_"));
        Assert.Equal((BigInteger.One << 127) - 1, e.Get("max128"));
        Assert.Equal(1.1, e.Get("f"));
        Assert.Equal(1.1f, (float)(double)e.Get("f")!);
        Assert.Equal(0.1, e.Get("d"));
        Assert.Equal((true, false), ((bool)e.Get("yes")!, (bool)e.Get("no")!));
        Assert.Equal(0xffff888012345678ul, e.Get("ptr"));
        Assert.Equal(1ul, e.Get("call"));
        Assert.Equal(77u, e.Get("cv"));

        Assert.Equal("RUNNING", e.Get("st")!.ToString());
        Assert.Equal("7", e.Get("odd")!.ToString());
        Assert.Equal("R, X", e.Get("md")!.ToString());
        Assert.Equal("LOW", e.Get("lv")!.ToString());
        Assert.Equal("HUGE_TOP", e.Get("hg")!.ToString());
        Assert.Equal(typeof(uint), Enum.GetUnderlyingType(e.Get("st")!.GetType()));
        Assert.Equal(typeof(int), Enum.GetUnderlyingType(e.Get("lv")!.GetType()));
        Assert.Equal(typeof(uint), Enum.GetUnderlyingType(e.Get("hg")!.GetType()));
        Assert.True(e.Get("md")!.GetType().IsDefined(typeof(FlagsAttribute), false));
        Assert.False(e.Get("st")!.GetType().IsDefined(typeof(FlagsAttribute), false));

        Assert.Equal("ssh \"q\",é", e.Get("comm"));
        Assert.Equal("abcd", e.Get("full"));
        Assert.Equal("a\ufffdb", e.Get("bad"));
        Assert.Equal("", e.Get("empty"));
        Assert.Equal([1, 2, 255, 0], e.Ints("raw"));
        Assert.Equal([-1, 127], e.Ints("signs"));
        Assert.Equal([1, 65535, 0], e.Ints("nums"));
        Assert.Equal([[-2, -1, 0], [1, 2, 3]], ((BpfArray<BpfArray<int>>)e.Get("grid")!).Select(row => row.ToArray()));
        Assert.Equal(["ab c", "12345678"], (BpfArray<string>)e.Get("names")!);
        Assert.Equal([true, false, true], (BpfArray<bool>)e.Get("flags")!);
        Assert.Equal([0ul, 1ul], (BpfArray<ulong>)e.Get("ptrs")!);
        Assert.Equal([0.0, 0.25], (BpfArray<double>)e.Get("fs")!);
        Assert.Equal("DONE", e.Get("sts[1]")!.ToString());
        Assert.Equal((byte)3, e.Get("table[1][0]"));
        Assert.Equal((short)-1, e.Get("pt.x"));
        Assert.Equal((short)-1, e.Get("pts[1].y"));
        Assert.Same(e.Get("pt")!.GetType(), e.Get("pts[0]")!.GetType());

        Assert.Equal(0x04030201u, e.Get("un.word"));
        Assert.Equal((byte)2, e.Get("un.bytes[1]"));
        Assert.Equal((short)0x0403, e.Get("un.pt.y"));
        Assert.Equal(-7, e.Get("anon_a"));
        Assert.Equal(0x40200001, e.Get("anon_b"));
        Assert.Equal((byte)1, e.Get("deep"));
        Assert.Equal(0x1122334455667788ul, e.Get("pk.b"));
        Assert.Equal((ushort)3, e.Get("pk.c"));
        Assert.Equal(8, e.Get("td.inner"));
        Assert.Equal(9, e.Get("it.unnamed"));
    }

    [ClangFact]
    public void A_type_is_emitted_once_for_a_layout()
    {
        using var c = new CProgram(Kinds, ["struct kinds"]);
        using var again = new CProgram(Kinds, ["struct kinds"]);
        using var other = new CProgram(Kinds.Replace("u8 small;", "u8 tiny;", StringComparison.Ordinal), ["struct kinds"]);
        var types = Enumerable.Range(0, 8).AsParallel().WithDegreeOfParallelism(4).Select(_ => c.Event("kinds").ClrType).Distinct().ToList();
        var type = Assert.Single(types);
        Assert.Same(type, again.Event("kinds").ClrType);
        Assert.NotSame(type, other.Event("kinds").ClrType);
        Assert.NotSame(type, c.Event("kinds", "print_other").ClrType);
        Assert.Matches("^Bee\\.Events\\.kinds_[0-9a-f]{8}$", type.FullName);
        Assert.True(type.IsPublic && typeof(BpfEvent).IsAssignableFrom(type));
        Assert.Equal(["MapName", "small", "neg"], type.GetProperties().Take(3).Select(p => p.Name));
        Assert.Equal("FieldByName", Assert.Single(typeof(BpfEvent).GetProperties()).Name);
        Assert.Empty(type.GetDefaultMembers());
    }

    [ClangFact]
    public void An_event_stays_valid_when_the_buffer_is_reused()
    {
        using var c = new CProgram(Kinds, ["struct kinds"], Fill);
        var bytes = c.Output.ToArray();
        var e = c.Event("kinds").Decode(bytes);
        bytes.AsSpan().Clear();
        Assert.Equal(ulong.MaxValue, e.Get("big"));
    }

    [ClangFact]
    public void Text_is_the_same_JSON_in_every_culture()
    {
        using var c = new CProgram("struct small { double d; s32 n; char text[8]; struct { u8 raw[2]; } in; enum { A, B } e; };", ["struct small"],
            """struct small s = { 1.5, -3, "a\"b", { { 1, 2 } }, B }; put(&s, sizeof s);""");
        var before = Thread.CurrentThread.CurrentCulture;
        try
        {
            foreach (var negative in new[] { "-", "\u2212" })
            {
                // The number formats of German and Swedish, without culture data.
                var culture = (System.Globalization.CultureInfo)System.Globalization.CultureInfo.InvariantCulture.Clone();
                culture.NumberFormat.NumberDecimalSeparator = ",";
                culture.NumberFormat.NegativeSign = negative;
                Thread.CurrentThread.CurrentCulture = culture;
                Assert.Equal("""{"MapName":"print_test","d":1.5,"n":-3,"text":"a\"b","in":{"raw":[1,2]},"e":"B"}""", c.Event("small").Decode(c.Output).ToString());
            }
        }
        finally
        {
            Thread.CurrentThread.CurrentCulture = before;
        }
    }

    [ClangFact]
    public void Objects_with_equal_values_and_different_padding_are_equal()
    {
        using var c = new CProgram("struct holes { u8 a; u64 b; char c[8]; };", ["struct holes"], """
            struct holes x, y; __builtin_memset(&x, 1, sizeof x); __builtin_memset(&y, 2, sizeof y);
            x.a = y.a = 1; x.b = y.b = 2; __builtin_memcpy(x.c, "hi", 3); __builtin_memcpy(y.c, "hi", 3);
            put(&x, sizeof x); put(&y, sizeof y);
            """);
        var type = c.Event("holes");
        var (x, y) = (type.Decode(c.Output.AsSpan(0, type.Size)), type.Decode(c.Output.AsSpan(type.Size)));
        Assert.Equal(x, y);
        Assert.Equal(x.GetHashCode(), y.GetHashCode());
    }
}
