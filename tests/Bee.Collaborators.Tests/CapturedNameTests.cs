using System.Management.Automation;
using Bee.Cmdlets.Views;
using Bee.Ebpf.Events;
using Bee.Ebpf.Packing;
using Bee.Ebpf.Records;

namespace Bee.Collaborators.Tests;

/// <summary>Views of events from another machine. The golden stream has that machine's names: user 1000 is ada, and user 0 is chief.</summary>
public sealed class CapturedNameTests
{
    [Fact]
    public void Views_of_a_captured_event_have_the_names_of_its_machine()
    {
        var sink = new Collector();
        ReadOnlySpan<byte> items = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "packed", "v1.items"));
        new EventUnpacker().Read(ref items, sink);
        var timed = PSObject.AsPSObject(sink.Events.First(e => e.GetType().GetProperty("gid") is not null));
        PSObject uid = EventFields.Value(timed, "uid")!;

        Assert.Equal("ada", EventText.User(uid, timed));
        Assert.Equal("authors", EventText.Group(EventFields.Value(timed, "gid"), timed));
        Assert.Equal("1000 (ada)", EventText.Item(FieldMeaning.UserId, uid, timed));
        Assert.Equal("ada", EventText.Last(timed, timed.BaseObject.GetType().FullName!, nameof(FieldMeaning.UserId), "uid", "MapName"));
        Assert.Contains("uid=ada gid=authors", EventText.Details(timed), StringComparison.Ordinal);
        Assert.Contains(": 1000 (ada)", EventText.Fields(timed), StringComparison.Ordinal);
        Assert.Equal(FieldText.UserName(1000), EventText.User(uid));
    }

    private sealed class Collector : IEventSink
    {
        public List<BpfEvent> Events { get; } = [];

        public bool Event(BpfEvent e)
        {
            Events.Add(e);
            return true;
        }

        public void Lost(string map, ulong count)
        {
        }
    }
}
