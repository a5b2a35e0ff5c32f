using Bee.Ebpf.Records;
using Bee.Telemetry.Captures;

namespace Bee.Telemetry.Tests.Captures;

/// <summary>The merge of several hosts' events, on a clock that the test moves.</summary>
public sealed class StreamMergeTests
{
    private readonly HandClock _clock = new();
    private readonly StreamMerge _merge;

    public StreamMergeTests() => _merge = new StreamMerge(TimeSpan.FromMilliseconds(200), _clock);

    [Fact]
    public void Events_pass_in_order_when_all_sources_have_promised()
    {
        (StreamMerge.Source one, StreamMerge.Source two) = (_merge.Open(), _merge.Open());
        Add(one, 10, 30);
        Add(two, 20, 40);
        Assert.Empty(Take());

        _merge.Promise(one, 30);
        _merge.Promise(two, 35);

        Assert.Equal(["10", "20", "30"], Take());
        _merge.Promise(one, 50);
        _merge.Promise(two, 50);
        Assert.Equal(["40"], Take());
    }

    [Fact]
    public void A_silent_source_delays_the_others_by_the_window_only()
    {
        StreamMerge.Source one = _merge.Open();
        _merge.Open();
        Add(one, 10, 20);
        _merge.Promise(one, 20);
        _clock.Move(199);
        Assert.Empty(Take());

        _clock.Move(1);

        Assert.Equal(["10", "20"], Take());
    }

    [Fact]
    public void An_event_behind_one_that_has_passed_is_late_and_passes_at_once()
    {
        (StreamMerge.Source one, StreamMerge.Source two) = (_merge.Open(), _merge.Open());
        Add(one, 100);
        _clock.Move(200);
        Assert.Equal(["100"], Take());

        Add(two, 90, 100, 110);

        Assert.Equal(["90 late", "100"], Take());
        _clock.Move(200);
        Assert.Equal(["110"], Take());
    }

    [Fact]
    public void An_event_does_not_wait_longer_because_earlier_ones_keep_coming()
    {
        (StreamMerge.Source one, StreamMerge.Source two) = (_merge.Open(), _merge.Open());
        Add(one, 1000);
        for (int i = 0; i < 4; i++)
        {
            _clock.Move(50);
            Add(two, 100 + i);
        }

        Assert.Equal(["100", "101", "102", "103", "1000"], Take());
    }

    [Fact]
    public void Events_of_one_time_keep_their_order()
    {
        StreamMerge.Source one = _merge.Open();
        Add(one, 5, 5, 5);
        Add(one, 5);
        _merge.End(one);

        var taken = new List<Merged>();
        _merge.Take(taken, 10, TimeSpan.Zero);

        Assert.Equal([0, 1, 2, 3], taken.Select(item => ((Numbered)item.Event).Number));
    }

    [Fact]
    public void A_source_that_has_ended_delays_nothing_and_the_merge_ends_with_the_last_one()
    {
        (StreamMerge.Source one, StreamMerge.Source two) = (_merge.Open(), _merge.Open());
        Add(one, 10);
        Add(two, 5);
        _merge.End(one);
        Assert.Empty(Take());

        _merge.End(two);

        var taken = new List<Merged>();
        Assert.True(_merge.Take(taken, 1, TimeSpan.Zero));
        Assert.True(_merge.Take(taken, 1, TimeSpan.Zero));
        Assert.Equal(2, taken.Count);
        Assert.False(_merge.Take(taken, 1, TimeSpan.Zero));
    }

    [Fact]
    public void A_full_source_waits_until_its_events_are_taken_and_no_other_does()
    {
        var merge = new StreamMerge(TimeSpan.FromMilliseconds(200), _clock) { MostEvents = 4 };
        (StreamMerge.Source one, StreamMerge.Source two) = (merge.Open(), merge.Open());
        merge.Add(one, Events(1, 2, 3, 4), 4);
        var thread = new Thread(() => merge.Add(one, Events(6, 7), 2));
        thread.Start();
        merge.Add(two, Events(5), 1);
        Assert.Equal(5, merge.Count);

        merge.Promise(one, 4);
        merge.Promise(two, 4);
        merge.Take([], 10, TimeSpan.Zero);

        Assert.True(thread.Join(Wait.Limit));
        Assert.Equal(3, merge.Count);
    }

    [Fact]
    public void Close_releases_a_source_that_waits()
    {
        var merge = new StreamMerge(TimeSpan.FromMilliseconds(200), _clock) { MostBytes = 100 };
        StreamMerge.Source one = merge.Open();
        merge.Add(one, Events(1), 90);
        bool isOpen = true;
        var thread = new Thread(() => isOpen = merge.Add(one, Events(2), 90));
        thread.Start();

        merge.Close();

        Assert.True(thread.Join(Wait.Limit));
        Assert.False(isOpen);
        Assert.Equal(0, merge.Count);
    }

    [Fact]
    public void Twenty_sources_on_threads_pass_all_events_and_only_late_ones_out_of_order()
    {
        const int Sources = 20, Each = 5000;
        var merge = new StreamMerge(TimeSpan.FromMilliseconds(200)) { MostEvents = 512 };
        StreamMerge.Source[] sources = [.. Enumerable.Range(0, Sources).Select(_ => merge.Open())];
        Thread[] threads = [.. sources.Select((source, number) => new Thread(() =>
        {
            for (int i = 0; i < Each; i += 50)
            {
                long[] times = [.. Enumerable.Range(i, 50).Select(step => (long)step * Sources + number)];
                merge.Add(source, Events(times), 50);
                merge.Promise(source, times[^1]);
            }

            merge.End(source);
        }))];
        Array.ForEach(threads, thread => thread.Start());

        var taken = new List<Merged>();
        int count = 0;
        long passed = long.MinValue;
        while (merge.Take(taken, 256, TimeSpan.FromMilliseconds(50)))
        {
            foreach (Merged item in taken)
            {
                long time = ((Numbered)item.Event).Time;
                Assert.Equal(time < passed, item.IsLate);
                passed = Math.Max(passed, time);
                count++;
            }

            taken.Clear();
        }

        Assert.Equal(Sources * Each, count);
    }

    private int _numbered;

    private void Add(StreamMerge.Source source, params long[] times) => _merge.Add(source, [.. times.Select(time => (time, (BpfEvent)new Numbered(_numbered++, time)))], times.Length);

    private static List<(long Time, BpfEvent Event)> Events(params long[] times) => [.. times.Select(time => (time, (BpfEvent)new Numbered(0, time)))];

    private string[] Take()
    {
        var taken = new List<Merged>();
        _merge.Take(taken, 100, TimeSpan.Zero);
        return [.. taken.Select(item => $"{((Numbered)item.Event).Time}{(item.IsLate ? " late" : "")}")];
    }

    private sealed class Numbered(int number, long time) : BpfEvent
    {
        public int Number => number;

        public long Time => time;
    }

    private sealed class HandClock : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => Volatile.Read(ref _now);

        public void Move(int milliseconds) => Interlocked.Add(ref _now, milliseconds);
    }
}
