using Bee.Ebpf.Btf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Tests.Objects;

public class DamagedBtfTests
{
    [Fact]
    public void Structs_that_contain_each_other_many_times_are_walked_in_bounded_time()
    {
        var types = new BtfBuilder().Int().Type(BtfKind.Union, "u2", 4, 1, 0, 1, 0);
        for (uint id = 3; id <= 10; id++)
        {
            types.Type(BtfKind.Union, $"u{id}", 4, 4, 0, id - 1, 0, 0, id - 1, 0, 0, id - 1, 0, 0, id - 1, 0);
        }

        Assert.InRange(GadgetTypes.Members(BtfSpec.Parse(types.Build()).Types[10]).Count, 1, 10_000);
    }

    [Fact]
    public void The_builder_builds_what_parses()
    {
        var btf = BtfSpec.Parse(new BtfBuilder().Int().Type(BtfKind.Array, "", 0, 0, 1, 1, 5).Build());
        Assert.Equal((3, 20, "int[5]"), (btf.Types.Count, btf.Types[2].Size, btf.Types[2].ToString()));
    }

    [Fact]
    public void Chains_that_return_to_their_beginning_are_refused()
    {
        Refused(new BtfBuilder().Type(BtfKind.Const, "", 1));
        Refused(new BtfBuilder().Type(BtfKind.Typedef, "a", 2).Type(BtfKind.Typedef, "b", 1));
        Refused(new BtfBuilder().Int().Type(BtfKind.Array, "", 0, 0, 3, 1, 2).Type(BtfKind.Typedef, "a", 2));
        Refused(new BtfBuilder().Type(BtfKind.Variable, "v", 1, 0, 1));
    }

    [Fact]
    public void Structs_may_point_to_themselves_and_not_contain_themselves()
    {
        var list = new BtfBuilder();
        var next = list.Name("next");
        BtfSpec.Parse(list.Type(BtfKind.Struct, "list", 8, 1, next, 2, 0).Type(BtfKind.Pointer, "", 1).Build());
        Refused(new BtfBuilder().Type(BtfKind.Struct, "self", 8, 1, 0, 1, 0));
        Refused(new BtfBuilder().Type(BtfKind.Struct, "a", 8, 1, 0, 2, 0).Type(BtfKind.Struct, "b", 8, 1, 0, 1, 0));
    }

    [Fact]
    public void Sizes_that_overflow_are_refused()
    {
        Refused(new BtfBuilder().Int().Type(BtfKind.Array, "", 0, 0, 1, 1, 0x4000_0000).Type(BtfKind.Variable, "v", 2, 0, 1));
        Refused(new BtfBuilder().Int().Type(BtfKind.Array, "", 0, 0, 1, 1, 0xffff_ffff).Type(BtfKind.Struct, "s", 0x7fff_ffff, 1, 0, 2, 0));
        Refused(new BtfBuilder().Int().Type(BtfKind.Array, "", 0, 0, 1, 1, 0x10000).Type(BtfKind.Array, "", 0, 0, 2, 1, 0x10000).Type(BtfKind.Typedef, "t", 3).Type(BtfKind.Variable, "v", 4, 0, 1));
        Refused(new BtfBuilder().Int().Type(BtfKind.Array, "", 0, 0, 1, 1, 0xffff_ffff).Type(BtfKind.Array, "", 0, 0, 2, 1, 0xffff_ffff));
        Refused(new BtfBuilder().Type(BtfKind.Struct, "s", 0x8000_0000));
    }

    [Theory]
    [InlineData(0x2000_0000u)]
    [InlineData(uint.MaxValue)]
    public void A_number_kept_as_the_length_of_an_array_behind_a_pointer_may_be_any(uint number)
    {
        var btf = BtfSpec.Parse(new BtfBuilder().Int().Type(BtfKind.Array, "", 0, 0, 1, 1, number).Type(BtfKind.Pointer, "", 2).Build());

        Assert.Equal(number, Assert.IsType<BtfArray>(Assert.IsType<BtfPointer>(btf.Types[3]).Target).DeclaredLength);
    }

    [Fact]
    public void Members_stay_inside_their_struct()
    {
        Refused(new BtfBuilder().Int().Type(BtfKind.Struct, "s", 4, 1, 0, 1, 8));
        Refused(new BtfBuilder().Int().Type(BtfKind.Struct, "s", 4, 1, 0, 1, 0xffff_ffe0));
        Refused(new BtfBuilder().Int().Type(BtfKind.Struct, "s", 4, 1, 0, 0, 0));
    }

    [Fact]
    public void Deep_and_wide_nesting_is_refused_in_time()
    {
        // Each struct contains the one before: 200 levels.
        var deep = new BtfBuilder().Int().Type(BtfKind.Struct, "s", 4, 1, 0, 1, 0);
        for (uint id = 2; id < 200; id++)
        {
            deep.Type(BtfKind.Struct, "s", 4, 1, 0, id, 0);
        }

        Refused(deep);

        // Each union contains the one before twice: 2 to the power of 60 members.
        var wide = new BtfBuilder().Int().Type(BtfKind.Union, "u", 4, 2, 0, 1, 0, 0, 1, 0);
        for (uint id = 2; id < 60; id++)
        {
            wide.Type(BtfKind.Union, "u", 4, 2, 0, id, 0, 0, id, 0);
        }

        Refused(wide);
    }

    [Fact]
    public void Names_of_endless_types_end()
    {
        // A function that takes pointers to functions that take pointers to functions...
        var ring = new BtfBuilder().Type(BtfKind.FunctionPrototype, "", 0, 50, [.. Enumerable.Range(0, 50).SelectMany(_ => new uint[] { 0, 2 })]).Type(BtfKind.Pointer, "", 1);
        Assert.InRange(BtfSpec.Parse(ring.Build()).Types[2].ToString().Length, 10, 5000);
    }

    [Fact]
    public void References_lead_somewhere()
    {
        Refused(new BtfBuilder().Type(BtfKind.Pointer, "", 2));
        Refused(new BtfBuilder().Int().Type(BtfKind.Function, "f", 1, 1));
        Refused(new BtfBuilder().Int().Type(BtfKind.DataSection, ".data", 4, 1, 1, 0, 4));
        Refused(new BtfBuilder().Int().Type(BtfKind.Variable, "v", 1, 0, 1).Type(BtfKind.DataSection, ".data", 4, 1, 2, 1, 4));
        Refused(new BtfBuilder().Int().Type((BtfKind)25, "", 0));
    }

    [Theory]
    [InlineData(0, 0x00)]
    [InlineData(2, 0x02)]
    [InlineData(4, 0xff)]
    [InlineData(8, 0x01)]
    [InlineData(12, 0xff)]
    [InlineData(16, 0xff)]
    [InlineData(20, 0xff)]
    [InlineData(20, 0x00)]
    public void Headers_are_checked(int offset, byte value)
    {
        var section = new BtfBuilder().Int().Build();
        section[offset] = value;
        Assert.Equal(ObjectFault.DamagedBtf, Assert.Throws<BpfObjectException>(() => BtfSpec.Parse(section)).Fault);
    }

    [Fact]
    public void Every_cut_is_refused()
    {
        var section = new BtfBuilder().Int().Type(BtfKind.Pointer, "", 1).Build();
        for (var length = 0; length < section.Length; length++)
        {
            Assert.Throws<BpfObjectException>(() => BtfSpec.Parse(section.AsSpan(0, length)));
        }
    }

    private static void Refused(BtfBuilder section) =>
        Assert.Equal(ObjectFault.DamagedBtf, Assert.Throws<BpfObjectException>(() => BtfSpec.Parse(section.Build())).Fault);
}
