using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Tests.Records;

/// <summary>C# structs compared with the BTF of C structs.</summary>
public class StructCheckTests
{
    private const string Declarations = """
        enum state { IDLE, BUSY };
        struct point { s32 x; s32 y; };
        struct all {
            u8 flag; s8 delta; u16 port; enum state state;
            union { u64 as_number; struct { u32 low_word; u32 high_word; }; };
            struct point from; struct point path[2];
            u32 grid[2][3];
            void *address; float ratio; double exact;
            u32 bits : 3; u32 more : 29;
            ipv6_addr source; char comm[16];
        };
        """;

    [Fact]
    public void Event_accepts_every_kind_of_member()
    {
        using var c = new CProgram(Declarations, ["struct all"]);
        StructCheck.Event<All>(Map(c));
    }

    [Fact]
    public void Event_refuses_other_layouts_of_nested_members()
    {
        using var c = new CProgram(Declarations, ["struct all"]);
        var map = Map(c);

        Refused<OtherNested>("OtherNested.From.X", "uint", "s32");
        Refused<OtherBits>("OtherBits.Bits", "bit field", "bit offset");
        Refused<OtherElement>("OtherElement.Path", "float", "struct point");
        Refused<ShortElement>("ShortElement.Path", "ShortPoint with 4 bytes", "8 bytes");

        void Refused<T>(params string[] parts)
            where T : unmanaged
        {
            var e = Assert.Throws<BpfMapException>(() => StructCheck.Event<T>(map));
            Assert.Equal(MapFault.TypeMismatch, e.Fault);
            Assert.All(parts, part => Assert.Contains(part, $"{e.Message} {e.Remedy}", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Value_refuses_a_struct_of_the_type_s_size_if_the_map_holds_larger_values()
    {
        using var c = new CProgram("struct all { u32 x; u32 y; };", ["struct all"]);
        var map = new MapDescription { Name = "points", Type = MapType.Hash, KeySize = 4, ValueSize = 64, Value = c.Struct("all") };

        Assert.Contains("64 bytes", Assert.Throws<BpfMapException>(() => StructCheck.Value<Pair>(map)).Message, StringComparison.Ordinal);
    }

    private static MapDescription Map(CProgram c) => new() { Name = "events", Type = MapType.RingBuffer, Value = c.Struct("all") };

#pragma warning disable CS0649, CS0169, IDE0044, IDE0051 // Layouts only.
    private struct Pair
    {
        public uint X, Y;
    }

    private struct ShortPoint
    {
        public int X;
    }

    [InlineArray(2)]
    private struct ShortPoints
    {
        private ShortPoint _first;
    }

    [StructLayout(LayoutKind.Explicit, Size = 128)]
    private struct ShortElement
    {
        [FieldOffset(24)]
        public ShortPoints Path;
    }

    private enum State : uint
    {
        Idle,
        Busy,
    }

    [InlineArray(2)]
    private struct Points
    {
        private Point _first;
    }

    [InlineArray(16)]
    private struct Bytes16
    {
        private byte _first;
    }

    private struct Point
    {
        public int X, Y;
    }

    private struct UnsignedPoint
    {
        public uint X, Y;
    }

    private unsafe struct All
    {
        public byte Flag;
        public sbyte Delta;
        public ushort Port;
        public State State;
        public uint LowWord, HighWord;
        public Point From;
        public Points Path;
        public fixed uint Grid[6];
        public void* Address;
        public float Ratio;
        public double Exact;
        private uint _bits;
        public Bytes16 Source;
        public fixed byte Comm[16];
    }

    [StructLayout(LayoutKind.Explicit)]
    private struct OtherNested
    {
        [FieldOffset(16)]
        public UnsignedPoint From;
    }

    [StructLayout(LayoutKind.Explicit)]
    private struct OtherBits
    {
        [FieldOffset(88)]
        public uint Bits;
    }

    [StructLayout(LayoutKind.Explicit)]
    private unsafe struct OtherElement
    {
        [FieldOffset(24)]
        public fixed float Path[2];
    }
#pragma warning restore
}
