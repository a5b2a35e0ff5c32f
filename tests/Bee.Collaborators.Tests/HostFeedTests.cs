using System.Collections.Concurrent;
using System.ComponentModel;
using Bee.Cmdlets.Fleet;
using Bee.Ebpf.Events;
using Bee.Ebpf.Packing;
using Bee.Telemetry.Captures;

namespace Bee.Cmdlets.Collaborators.Tests;

/// <summary>The events of hosts whose clocks differ, and the errors of ssh.</summary>
public sealed class HostFeedTests
{
    [Theory]
    [InlineData(600)]
    [InlineData(-600)]
    public void Events_are_ordered_by_the_clock_of_this_machine_and_the_distance_is_reported(int seconds)
    {
        var ahead = TimeSpan.FromSeconds(seconds);
        var merge = new StreamMerge(TimeSpan.FromSeconds(30));
        var reports = new ConcurrentQueue<HostReport>();
        (HostFeed Feed, StreamMerge.Source Source, long Ahead)[] hosts = [.. new[] { 0, ahead.Ticks }.Select(distance =>
        {
            StreamMerge.Source source = merge.Open();
            return (new HostFeed(distance == 0 ? "right" : "wrong", merge, source, new EventUnpacker(), reports), source, distance);
        })];
        long start = MergeClock.Now - TimeSpan.FromSeconds(1).Ticks;
        foreach ((HostFeed feed, _, long distance) in hosts)
        {
            long now = MergeClock.Now;
            // Sent here, received and returned there at once.
            feed.Beat(new Heartbeat(now, now + distance, now + distance));
        }

        // Both hosts alternate in truth; each one sends its events as one stream.
        for (int index = 0; index < hosts.Length; index++)
        {
            (HostFeed feed, StreamMerge.Source source, long distance) = hosts[index];
            for (int i = index; i < 8; i += 2)
            {
                long time = start + i * TimeSpan.FromMilliseconds(100).Ticks + distance;
                feed.BeginBlock(time, time, 10);
                feed.Event(new IteratorLine($"{i}"));
                feed.EndBlock();
            }

            merge.End(source);
        }

        var events = new List<Merged>();
        Assert.True(merge.Take(events, 100, TimeSpan.Zero));
        Assert.Equal("01234567", string.Concat(events.Select(one => ((IteratorLine)one.Event).Line)));
        Assert.DoesNotContain(events, one => one.IsLate);
        HostReport report = Assert.Single(reports);
        Assert.Equal("wrong", report.Host);
        Assert.Equal(ahead.TotalSeconds, report.ClockAhead!.Value.TotalSeconds, 1.0);
    }

    [Theory]
    [InlineData(2, "Fleet.SshMissing", "openssh-client")]
    [InlineData(13, "Fleet.SshMissing", "openssh-client")]
    [InlineData(24, "Fleet.SshNotStarted", "ulimit -n")]
    [InlineData(23, "Fleet.SshNotStarted", "fs.file-max")]
    [InlineData(11, "Fleet.SshNotStarted", "ulimit -u")]
    [InlineData(12, "Fleet.SshNotStarted", "memory")]
    public void Ssh_that_does_not_start_is_missing_only_if_its_file_is(int errno, string id, string named)
    {
        var fault = RemoteHost.NotStarted("web1", new Win32Exception(errno));

        Assert.Equal(id, fault.Id);
        Assert.Contains(named, $"{fault.Message} {fault.Remedy}", StringComparison.Ordinal);
    }
}
