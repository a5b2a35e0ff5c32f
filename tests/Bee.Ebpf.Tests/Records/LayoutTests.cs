using System.Numerics;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Tests.Records;

/// <summary>Bit fields, names, flexible arrays, and records that are too short or too long.</summary>
public sealed class LayoutTests
{
    [ClangFact]
    public void Bit_fields_of_all_kinds_are_read()
    {
        using var c = new CProgram("""
            enum st { A, B, C = 9 };
            struct bits { u32 a:3, b:7; s32 c:5; u64 d:40; enum st e:4; _Bool f:1; u8 g:8; u64 :5; s64 h:63; u32 whole:32; u8 last; };
            struct __attribute__((packed)) tight { u8 one:1; u64 wide:64; s64 cross:61; u16 nine:9; s128 huge:100; u8 end:4; };
            """, ["struct bits", "struct tight"], """
            struct bits b; __builtin_memset(&b, 0xff, sizeof b); struct tight t; __builtin_memset(&t, 0xff, sizeof t);
            b.a = 5; b.b = 100; b.c = -3; b.d = 0xfedcba9876ull; b.e = C; b.f = 1; b.g = 200; b.h = -(1ll << 62); b.whole = 0xdeadbeef; b.last = 7;
            t.one = 0; t.wide = 0x0123456789abcdefull; t.cross = -12345678901234567ll; t.nine = 0x155; t.huge = -5; t.end = 9;
            put(&b, sizeof b); put(&t, sizeof t);
            """);
        var bits = c.Event("bits");
        var e = bits.Decode(c.Output.AsSpan(0, bits.Size));
        Assert.Equal(5u, e.Get("a"));
        Assert.Equal(100u, e.Get("b"));
        Assert.Equal(-3, e.Get("c"));
        Assert.Equal(0xfedcba9876ul, e.Get("d"));
        Assert.Equal("C", e.Get("e")!.ToString());
        Assert.Equal(true, e.Get("f"));
        Assert.Equal((byte)200, e.Get("g"));
        Assert.Equal(-(1L << 62), e.Get("h"));
        Assert.Equal(0xdeadbeef, e.Get("whole"));
        Assert.Equal((byte)7, e.Get("last"));

        var tight = c.Event("tight");
        e = tight.Decode(c.Output.AsSpan(bits.Size));
        Assert.Equal((byte)0, e.Get("one"));
        Assert.Equal(0x0123456789abcdeful, e.Get("wide"));
        Assert.Equal(-12345678901234567L, e.Get("cross"));
        Assert.Equal((ushort)0x155, e.Get("nine"));
        Assert.Equal(new BigInteger(-5), e.Get("huge"));
        Assert.Equal((byte)9, e.Get("end"));
    }

    [ClangFact]
    public void Names_that_differ_only_in_case_get_a_number()
    {
        using var c = new CProgram("""
            struct names { int Pid, pid, PID, pid_2, GetType, tostring, Equals, psobject, MapName, Count, Length; struct { int mapname; }; int $odd; };
            """, ["struct names"], "struct names n = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, { 12 }, 13 }; put(&n, sizeof n);");
        var type = c.Event("names");
        Assert.Equal(
            ["MapName", "Pid", "pid_3", "PID_4", "pid_2", "GetType_2", "tostring_2", "Equals_2", "psobject_2", "MapName_2", "Count", "Length", "mapname_3", "$odd"],
            type.Names());
        Assert.Equal(["", "Pid", "pid", "PID", "pid_2"], type.Fields.Take(5).Select(f => f.CName));
        var e = type.Decode(c.Output);
        Assert.Equal(Enumerable.Range(1, 13).Cast<object>(), type.Fields.Skip(1).Select(f => e.Get(f.Name)!));
        Assert.Equal("print_test", e.Get("MapName"));
    }

    [ClangFact]
    public void A_flexible_array_has_the_rest_of_the_record()
    {
        using var c = new CProgram("""
            struct item { u16 a, b; };
            struct text { u32 len; char text[]; };
            struct bytes { u64 n; u8 pad; u8 data[]; };
            struct items { u32 n; struct item items[0]; };
            struct inner { u32 n; struct { struct { } none; u16 nums[]; }; };
            """, ["struct text", "struct bytes", "struct items", "struct inner"], """
            u32 n = 2; put(&n, 4); put("hello", 5);
            """);
        var text = c.Event("text");
        Assert.Equal(4, text.Size);
        Assert.Equal("hello", text.Decode(c.Output).Get("text"));
        Assert.Equal("", text.Decode(c.Output.AsSpan(0, 4)).Get("text"));
        Assert.Throws<ShortRecordException>(() => text.Decode(c.Output.AsSpan(0, 3)));

        // sizeof is 16 in C, but the array begins in the padding, and a record of header and data may be shorter.
        var bytes = c.Event("bytes");
        Assert.Equal(9, bytes.Size);
        Assert.Equal([7, 8], bytes.Decode([1, 0, 0, 0, 0, 0, 0, 0, 5, 7, 8]).Ints("data"));

        var items = c.Event("items");
        var e = items.Decode([9, 0, 0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5]);
        Assert.Equal(2, ((System.Collections.IList)e.Get("items")!).Count);
        Assert.Equal((ushort)4, e.Get("items[1].b"));
        Assert.Equal([0x0201, 0x0403], c.Event("inner").Decode([0, 0, 0, 0, 1, 2, 3, 4]).Ints("nums"));
    }

    [ClangFact]
    public void Short_records_throw_and_long_ones_are_accepted()
    {
        using var c = new CProgram("struct two { u32 a, b; };", ["struct two"]);
        var type = c.Event("two", "print_two");
        Assert.Equal(2u, type.Decode([1, 0, 0, 0, 2, 0, 0, 0, 9, 9, 9]).Get("b"));
        var fault = Assert.Throws<ShortRecordException>(() => type.Decode(new byte[7]));
        Assert.Equal(("print_two", 8, 7), (fault.Map, fault.Expected, fault.Found));
        Assert.Throws<ShortRecordException>(() => type.Decode([]));
    }

    [ClangFact]
    public void Scalars_and_untyped_records_have_one_property()
    {
        using var c = new CProgram("enum st { A, B }; struct none { };", ["u32", "enum st", "duration", "char *", "struct none"]);
        object? Value(int root, params byte[] bytes) => RecordType.ForStruct(c.Root(root), "scalar").Decode(bytes).Get("Value");
        Assert.Equal(0x04030201u, Value(0, 1, 2, 3, 4));
        Assert.Equal("B", Value(1, 1, 0, 0, 0)!.ToString());
        Assert.Equal(5ul, Value(2, 5, 0, 0, 0, 0, 0, 0, 0));
        Assert.Equal(6ul, Value(3, 6, 0, 0, 0, 0, 0, 0, 0));
        Assert.Equal(FieldMeaning.Pointer, RecordType.ForStruct(c.Root(3), "scalar").Fields[0].Meaning);
        Assert.Equal("{}", RecordType.ForStruct(c.Root(4), "empty").Decode([]).ToString());

        var bare = RecordType.ForEvent(new MapDescription { Name = "raw", Type = MapType.PerfEventArray });
        Assert.Equal(0, bare.Size);
        Assert.Equal([1, 2, 3], bare.Decode([1, 2, 3]).Ints("Data"));
        Assert.Empty(bare.Decode([]).Ints("Data"));
    }

    [ClangFact]
    public void Very_large_records_are_decoded()
    {
        using var c = new CProgram("struct large { u32 first; u8 middle[300000]; u32 last; char text[70000]; };", ["struct large"], """
            static struct large l; l.first = 1; l.middle[299999] = 9; l.last = 2; l.text[0] = 'x'; put(&l, sizeof l);
            """);
        var e = c.Event("large").Decode(c.Output);
        Assert.Equal((1u, 2u, "x"), ((uint)e.Get("first")!, (uint)e.Get("last")!, (string)e.Get("text")!));
        Assert.Equal((byte)9, e.Get("middle[299999]"));
    }

    [ClangFact]
    public void Empty_arrays_and_structs_are_decoded_as_empty()
    {
        using var c = new CProgram("struct none { }; struct gaps { u32 a; u32 zero[0]; struct none n; u32 grid[2][0]; struct { u32 len; u8 tail[]; } in[1]; u32 b; };", ["struct gaps"]);
        var e = c.Event("gaps").Decode([1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0]);
        Assert.Equal("""{"MapName":"print_test","a":1,"zero":[],"n":{},"grid":[],"in":[{"len":2,"tail":[]}],"b":3}""", e.ToString());
    }
}
