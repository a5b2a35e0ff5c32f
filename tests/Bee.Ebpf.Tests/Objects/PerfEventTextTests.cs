using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Tests.Objects;

public sealed class PerfEventTextTests
{
    [Theory]
    [InlineData("page-faults", 1, 2, null, null)]
    [InlineData("Faults", 1, 2, null, null)]
    [InlineData("cs,period=1", 1, 3, null, 1)]
    [InlineData("cycles, freq=99", 0, 0, 99, null)]
    [InlineData("L1-dcache-load-misses", 3, 0x10000, null, null)]
    [InlineData("dTLB-store-misses", 3, 0x10103, null, null)]
    [InlineData("LLC-prefetches", 3, 0x202, null, null)]
    [InlineData("r1a8", 4, 0x1a8, null, null)]
    [InlineData("type=1,config=3,frequency=99", 1, 3, 99, null)]
    [InlineData("type=0x1,config=0x3,sample_period=7", 1, 3, null, 7)]
    public void Read_returns_the_event_and_its_rate(string text, int type, int config, int? frequency, int? period)
    {
        var (events, fault, _) = PerfEventText.Read(text);

        Assert.Null(fault);
        var read = Assert.Single(events);
        Assert.Equal(((uint)type, (ulong)config, (ulong?)frequency, (ulong?)period), (read.Type, read.Config, read.Frequency, read.Period));
    }

    [Fact]
    public void Read_returns_each_event_of_a_list()
    {
        var (events, _, _) = PerfEventText.Read("page-faults,period=2,context-switches,type=1,config=1,frequency=10");

        Assert.Equal([("page-faults", (ulong?)2), ("context-switches", null), ("type=1,config=1", null)], events.Select(one => (one.Name, one.Period)));
        Assert.Equal(10ul, events[2].Frequency);
    }

    [Theory]
    [InlineData("", "no perf event")]
    [InlineData("page-fautls", "'page-fautls' is not the name")]
    [InlineData("period=1", "comes before its event")]
    [InlineData("page-faults,period=x", "no number")]
    [InlineData("page-faults,perriod=1", "'perriod' is not a part")]
    [InlineData("page-faults,period=0", "is invalid")]
    [InlineData("page-faults,period=1,frequency=1", "is invalid")]
    [InlineData("type=99999999999,config=1", "not a type")]
    public void Read_of_another_text_says_what_is_wrong(string text, string fault) => Assert.Contains(fault, PerfEventText.Read(text).Fault);

    [Fact]
    public void Misspelt_name_has_names_near_it() => Assert.Equal("page-faults", PerfEventText.Read("page-fautls").Near[0]);

    [Theory]
    [InlineData("perf_event/type=1,config=3,frequency=99", "type=1,config=3,frequency=99")]
    [InlineData("perf_event/page-faults", "page-faults")]
    [InlineData("perf_event/profiler", null)]
    [InlineData("perf_event/read", null)]
    [InlineData("perf_event", null)]
    public void Section_with_an_event_sets_the_target(string section, string? target)
    {
        var found = SectionKind.Of(section);

        Assert.Equal(("perf_event", target), (found.Kind.Name, found.AttachTo));
    }
}
