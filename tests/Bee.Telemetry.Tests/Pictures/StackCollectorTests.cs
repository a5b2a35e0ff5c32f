using Bee.Ebpf.Interop;
using Bee.Ebpf.Records;
using Bee.Telemetry.Pictures;

namespace Bee.Telemetry.Tests.Pictures;

/// <summary>Collects stacks of events and entries.</summary>
public class StackCollectorTests
{
    [Fact]
    public void The_kernels_stack_lies_on_the_users_and_both_on_the_process() =>
        Assert.Equal("dd;main;read;entry;vfs_read 3\n", Folded(new StackOptions(), new StackEntry(1, 3, Stacks.Trace("main", "read"), Stacks.Trace("entry", "vfs_read"))));

    [Fact]
    public void An_entry_that_is_added_again_counts_with_its_last_value() =>
        Assert.Equal("dd;a 9\ndd;b 5\n", Folded(new StackOptions(), new StackEntry(1, 3, Stacks.Trace("a")), new StackEntry(2, 5, Stacks.Trace("b")), new StackEntry(1, 9, Stacks.Trace("a"))));

    [Fact]
    public void An_entry_whose_stack_has_changed_leaves_the_old_one() =>
        Assert.Equal("dd;b 4\n", Folded(new StackOptions(), new StackEntry(1, 3, Stacks.Trace("a")), new StackEntry(1, 4, Stacks.Trace("b"))));

    [Fact]
    public void Events_add_up_and_weigh_one()
    {
        BpfEvent[] events = [new StackEvent(Stacks.Trace("a"), 100), new StackEvent(Stacks.Trace("a"), 50)];

        Assert.Equal("a 2\n", Folded(new StackOptions(), events));
        Assert.Equal("a 150\n", Folded(new StackOptions { Value = "BYTES" }, events));
        Assert.Equal("7;a 2\n", Folded(new StackOptions { Groups = ["pid"] }, events));
    }

    [Fact]
    public void Objects_of_other_types_add_up()
    {
        var stacks = new StackCollector(new StackOptions());
        stacks.Add("Selected", [new("comm", "x"), new("Value", 2), new("stack", Stacks.Trace("a"))]);
        stacks.Add("Selected", [new("comm", "x"), new("Value", 3L), new("stack", Stacks.Trace("a"))]);

        Assert.Equal("x;a 5\n", Stacks.Text(output => FoldedStacks.Write(stacks.Finish(), output)));
    }

    [Fact]
    public void Several_stacks_have_to_be_named()
    {
        var item = new TwoStackEvent(Stacks.Trace("wake"), Stacks.Trace("sleep"));

        Assert.Equal(PictureFault.SeveralStacks, Assert.Throws<PictureException>(() => Folded(new StackOptions(), item)).Fault);
        Assert.Equal("sleep;wake 1\n", Folded(new StackOptions { Stacks = ["sleeper", "Waker"] }, item));
    }

    [Fact]
    public void A_stack_that_was_not_recorded_has_a_place_and_is_counted()
    {
        var stacks = new StackCollector(new StackOptions());
        stacks.Add(new StackEntry(1, 2, Stacks.Missing(Errno.EEXIST), Stacks.Trace("k")), null);
        stacks.Add(new StackEntry(2, 3, Stacks.Missing(Errno.EFAULT), Stacks.Missing(Errno.EFAULT)), null);

        Assert.Equal("dd;[no stack: EEXIST];k 2\ndd;[no stack] 3\n", Stacks.Text(output => FoldedStacks.Write(stacks.Finish(), output)));
        Assert.Equal(1, Assert.Single(stacks.Missing).Value);
    }

    [Fact]
    public void Finish_without_objects_or_stacks_throws()
    {
        Assert.Equal(PictureFault.Empty, Assert.Throws<PictureException>(() => Folded(new StackOptions())).Fault);
        var fault = Assert.Throws<PictureException>(() => Folded(new StackOptions(), new PlainEvent()));

        Assert.Equal(PictureFault.NoStack, fault.Fault);
        Assert.Contains("print_opens has pid", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nosuch", PictureFault.UnknownField)]
    [InlineData("comm", PictureFault.BadField)]
    public void A_value_must_be_a_number_of_the_object(string name, object fault) =>
        Assert.Equal(fault, Assert.Throws<PictureException>(() => Folded(new StackOptions { Value = name }, new StackEntry(1, 1, Stacks.Trace("a")))).Fault);

    [Theory]
    [InlineData("nosuch", PictureFault.UnknownField)]
    [InlineData("comm", PictureFault.BadField)]
    public void A_named_stack_must_be_a_stack_of_the_object(string name, object fault) =>
        Assert.Equal(fault, Assert.Throws<PictureException>(() => Folded(new StackOptions { Stacks = [name] }, new StackEntry(1, 1, Stacks.Trace("a")))).Fault);

    [Fact]
    public void An_object_without_the_named_stack_and_without_others_is_left_out() =>
        Assert.Equal(PictureFault.NoStack, Assert.Throws<PictureException>(() => Folded(new StackOptions { Stacks = ["nosuch"] }, new PlainEvent())).Fault);

    [Fact]
    public void An_object_without_fields_is_not_an_event()
    {
        var stacks = new StackCollector(new StackOptions());
        stacks.Add("System.Int32", []);

        Assert.Equal("No stack was found in 1 object: an object of type System.Int32 is not an event.", Assert.Throws<PictureException>(stacks.Finish).Message);
    }

    [Fact]
    public void Numbers_of_different_units_are_not_added_up() => Assert.Equal(
        PictureFault.SeveralValues,
        Assert.Throws<PictureException>(() => Folded(new StackOptions(), new StackEntry(1, 1, Stacks.Trace("a")), new StackEvent(Stacks.Trace("a"), 1))).Fault);

    private static string Folded(StackOptions options, params BpfEvent[] items)
    {
        var stacks = new StackCollector(options);
        foreach (var item in items)
        {
            stacks.Add(item, null);
        }

        return Stacks.Text(output => FoldedStacks.Write(stacks.Finish(), output));
    }
}
