using Bee.Telemetry.Delivery;
using Bee.Telemetry.Logs;
using Bee.Telemetry.Tests.Logs;

namespace Bee.Telemetry.Tests.Delivery;

public sealed class DeliveryQueueTests
{
    private static readonly TimeSpan s_long = TimeSpan.FromMinutes(1);

    [Fact]
    public void Events_come_in_order_with_rising_numbers()
    {
        using var receiver = new HeldTransport();
        using var queue = Queue(receiver, WhenFull.DropOldest, size: 100, batch: 3);
        receiver.Release();
        Add(queue, 1, 10);

        var counts = queue.Finish(s_long, default);

        Assert.Equal(Enumerable.Range(1, 10).Select(n => $"{n}:{n}"), receiver.Seen);
        Assert.Equal(new DeliveryCounts(10, 10, 0, 0, 0), counts);
        Assert.All(receiver.Batches, count => Assert.InRange(count, 1, 3));
        Assert.True(receiver.IsDisposed);
    }

    [Fact]
    public void Full_queue_that_drops_the_newest_reports_the_loss_in_their_place()
    {
        using var receiver = new HeldTransport();
        using var queue = Queue(receiver, WhenFull.DropNewest, size: 2);
        Add(queue, 1, 1);
        receiver.WaitForBatch();
        Add(queue, 2, 5);
        Assert.Equal(2, queue.Counts.Dropped);
        receiver.Release();
        receiver.WaitFor(3);
        Add(queue, 6, 6);

        var counts = queue.Finish(s_long, default);

        Assert.Equal(["1:1", "2:2", "3:3", "5:lost 2 buffer_full events", "6:6"], receiver.Seen);
        Assert.Equal(new DeliveryCounts(6, 4, 2, 0, 0), counts);
    }

    [Fact]
    public void Full_queue_that_drops_the_oldest_reports_the_loss_first()
    {
        using var receiver = new HeldTransport();
        using var queue = Queue(receiver, WhenFull.DropOldest, size: 2);
        Add(queue, 1, 1);
        receiver.WaitForBatch();
        Add(queue, 2, 5);
        receiver.Release();

        var counts = queue.Finish(s_long, default);

        Assert.Equal(["1:1", "3:lost 2 buffer_full events", "4:4", "5:5"], receiver.Seen);
        Assert.Equal(new DeliveryCounts(5, 3, 2, 0, 0), counts);
    }

    [Fact]
    public async Task Full_queue_that_blocks_loses_nothing()
    {
        using var receiver = new HeldTransport();
        using var queue = Queue(receiver, WhenFull.Block, size: 2);
        var adding = Task.Run(() => Add(queue, 1, 50));
        receiver.WaitForBatch();
        Assert.False(adding.IsCompleted);
        receiver.Release();
        await adding;

        Assert.Equal(new DeliveryCounts(50, 50, 0, 0, 0), queue.Finish(s_long, default));
        Assert.Equal(Enumerable.Range(1, 50).Select(n => $"{n}:{n}"), receiver.Seen);
    }

    [Fact]
    public async Task Wait_for_room_can_be_ended()
    {
        using var receiver = new HeldTransport();
        using var queue = Queue(receiver, WhenFull.Block, size: 1);
        Add(queue, 1, 1);
        receiver.WaitForBatch();
        Add(queue, 2, 2);
        using var stop = new CancellationTokenSource();
        var adding = Task.Run(() => queue.Add(new PlainEvent(3), EventOrigin.Unknown, stop.Token), CancellationToken.None);
        stop.Cancel();

        await Assert.ThrowsAsync<OperationCanceledException>(() => adding);
        Assert.Equal(2, queue.Counts.Written);
        receiver.Release();
    }

    [Fact]
    public void Losses_of_the_kernel_stand_in_the_stream_and_take_numbers()
    {
        using var receiver = new HeldTransport();
        using var queue = Queue(receiver, WhenFull.DropOldest, size: 100);
        receiver.Release();
        Add(queue, 1, 1);
        queue.AddLoss(LossReason.Kernel, "tool", "events", 4);
        queue.AddLoss(LossReason.Kernel, "tool", "other", 1);
        queue.AddLoss(LossReason.Kernel, "tool", "events", 2);
        queue.Add(new PlainEvent(2), EventOrigin.Unknown, default);

        queue.Finish(s_long, default);

        // One or two records for the map, depending on the timing of the thread. All of them come before the next event.
        Assert.Equal("1:1", receiver.Seen[0]);
        Assert.Equal("9:2", receiver.Seen[^1]);
        Assert.Equal(7, receiver.Records.Sum(record => record.LostCount));
        Assert.Equal(8, receiver.Records.Where(record => record.IsLoss).Max(record => record.Sequence));
    }

    [Fact]
    public void Loss_without_events_is_reported_too()
    {
        using var receiver = new HeldTransport();
        using var queue = Queue(receiver, WhenFull.DropOldest, size: 100);
        receiver.Release();
        queue.AddLoss(LossReason.Kernel, "tool", "events", 4);
        receiver.WaitFor(1);

        Assert.Equal(["4:lost 4 kernel events"], receiver.Seen);
    }

    [Fact]
    public void Refused_events_are_counted_and_reported_with_the_next_one()
    {
        using var receiver = new HeldTransport();
        using var queue = Queue(receiver, WhenFull.DropOldest, size: 100);
        receiver.Answers.Enqueue(batch => SendResult.Rejected(batch.Count, batch.Count, "too old"));
        receiver.Release();
        Add(queue, 1, 1);
        receiver.WaitForBatch();
        Wait.Until(() => queue.Counts.Refused == 1);
        Add(queue, 2, 2);

        Assert.Equal(new DeliveryCounts(2, 1, 0, 1, 0), queue.Finish(s_long, default));
        Assert.Equal(["1:lost 1 delivery events", "2:2"], receiver.Seen);
        Assert.Equal("too old", queue.LastFault);
    }

    [Fact]
    public void Receiver_that_refuses_all_does_not_hold_up_the_end()
    {
        using var receiver = new HeldTransport { Otherwise = batch => SendResult.Rejected(batch.Count, batch.Count, "no") };
        using var queue = Queue(receiver, WhenFull.DropOldest, size: 100);
        receiver.Release();
        Add(queue, 1, 5);

        Assert.Equal(new DeliveryCounts(5, 0, 0, 5, 0), queue.Finish(s_long, default));
    }

    [Fact]
    public void Records_that_are_not_settled_are_sent_again_and_none_twice()
    {
        using var receiver = new HeldTransport();
        using var queue = Queue(receiver, WhenFull.DropOldest, size: 100, batch: 4);
        receiver.Answers.Enqueue(_ => SendResult.Retry("busy", TimeSpan.Zero));
        receiver.Answers.Enqueue(batch => SendResult.Retry("busy", settled: batch.Count > 1 ? 1 : 0));
        receiver.Answers.Enqueue(_ => SendResult.Retry("broken"));
        Add(queue, 1, 8);
        receiver.Release();
        // After so many failures, the end would give up.
        receiver.WaitFor(8);

        Assert.Equal(new DeliveryCounts(8, 8, 0, 0, 0), queue.Finish(s_long, default));
        Assert.Equal(Enumerable.Range(1, 8).Select(n => $"{n}:{n}"), receiver.Seen);
    }

    [Fact]
    public void Batch_that_a_transport_cannot_send_is_refused_and_the_next_one_is_sent()
    {
        using var receiver = new HeldTransport();
        using var queue = Queue(receiver, WhenFull.DropOldest, size: 100);
        receiver.Answers.Enqueue(_ => throw new FormatException("secret"));
        receiver.Release();
        Add(queue, 1, 1);
        Wait.Until(() => queue.Counts.Refused == 1);
        Add(queue, 2, 2);

        Assert.Equal(new DeliveryCounts(2, 1, 0, 1, 0), queue.Finish(s_long, default));
        Assert.Equal(["1:lost 1 delivery events", "2:2"], receiver.Seen);
        Assert.Equal("Sending to the test failed unexpectedly (FormatException).", queue.LastFault);
    }

    [Fact]
    public void Event_that_cannot_be_read_is_refused_and_the_next_one_is_sent()
    {
        using var receiver = new HeldTransport();
        using var queue = Queue(receiver, WhenFull.DropOldest, size: 100);
        receiver.Release();
        queue.Add(new DamagedEvent("secret"), EventOrigin.Unknown, default);
        Wait.Until(() => queue.Counts.Refused == 1);
        Add(queue, 2, 2);

        Assert.Equal(new DeliveryCounts(2, 1, 0, 1, 0), queue.Finish(s_long, default));
        Assert.Equal(["1:lost 1 delivery", "2:2"], receiver.Seen);
        Assert.Equal("Sending to the test failed unexpectedly (FormatException).", queue.LastFault);
    }

    [Fact]
    public void Counts_of_losses_that_no_number_holds_end_at_the_largest_one()
    {
        using var receiver = new HeldTransport();
        using var queue = Queue(receiver, WhenFull.DropOldest, size: 100, batch: 10);
        Add(queue, 1, 1);
        receiver.WaitForBatch();
        queue.AddLoss(LossReason.Kernel, "tool", "events", long.MaxValue);
        queue.AddLoss(LossReason.Kernel, "tool", "events", long.MaxValue);
        Add(queue, 2, 3);
        receiver.Release();

        Assert.Equal(3, queue.Finish(s_long, default).Delivered);
        Assert.Equal(["1:1", $"{long.MaxValue}:lost {long.MaxValue} kernel events", $"{long.MaxValue}:2", $"{long.MaxValue}:3"], receiver.Seen);
    }

    [Fact]
    public void Last_flush_keeps_the_pause_that_the_receiver_asks_for()
    {
        using var receiver = new HeldTransport { Otherwise = _ => SendResult.Retry("busy", TimeSpan.FromHours(1)) };
        using var queue = Queue(receiver, WhenFull.DropOldest, size: 100);
        receiver.Release();
        Add(queue, 1, 1);
        Wait.Until(() => queue.LastFault is not null);

        Assert.Equal(new DeliveryCounts(1, 0, 0, 0, 1), queue.Finish(TimeSpan.FromMilliseconds(50), default));
        Assert.Single(receiver.Batches);
    }

    [Fact]
    public void Blocked_caller_does_not_wait_for_a_receiver_that_is_down()
    {
        using var receiver = new HeldTransport { Otherwise = _ => SendResult.Retry("down") };
        using var queue = Queue(receiver, WhenFull.Block, size: 2);
        receiver.Release();

        // Does not hang: the first writes wait until the receiver counts as down.
        Add(queue, 1, 20);
        var counts = queue.Finish(s_long, default);

        Assert.True(queue.IsDown);
        Assert.Equal((20, 0, 20), (counts.Written, counts.Delivered, counts.Missing));
        Assert.Equal("down", queue.LastFault);
    }

    [Fact]
    public void Receiver_that_recovers_gets_the_waiting_events_and_a_loss_record()
    {
        var isDown = true;
        using var receiver = new HeldTransport { Otherwise = batch => isDown ? SendResult.Retry("down") : SendResult.Delivered(batch.Count) };
        using var queue = Queue(receiver, WhenFull.DropOldest, size: 2);
        receiver.Release();
        Add(queue, 1, 1);
        Wait.Until(() => queue.IsDown);
        Add(queue, 2, 4);
        Volatile.Write(ref isDown, false);

        Assert.Equal(new DeliveryCounts(4, 3, 1, 0, 0), queue.Finish(s_long, default));
        Assert.Equal(["1:1", "2:lost 1 buffer_full events", "3:3", "4:4"], receiver.Seen);
    }

    [Fact]
    public void End_does_not_wait_for_a_transport_that_does_not_return()
    {
        using var receiver = new HeldTransport();
        var queue = Queue(receiver, WhenFull.DropOldest, size: 10);
        Add(queue, 1, 1);
        receiver.WaitForBatch();
        Add(queue, 2, 3);

        var counts = queue.Finish(TimeSpan.Zero, default);

        Assert.Equal(new DeliveryCounts(3, 0, 0, 0, 3), counts);
        receiver.Release();
        Wait.Until(() => receiver.IsDisposed);
        queue.Dispose();
        Assert.Equal(counts, queue.Counts);
    }

    [Fact]
    public void Ended_queue_accepts_nothing()
    {
        using var receiver = new HeldTransport();
        using var queue = Queue(receiver, WhenFull.DropOldest, size: 10);
        queue.Finish(s_long, default);

        Assert.Throws<InvalidOperationException>(() => Add(queue, 1, 1));
        queue.AddLoss(LossReason.Kernel, null, null, 1);
    }

    private static DeliveryQueue Queue(ILogTransport receiver, WhenFull whenFull, int size, int batch = 1) =>
        new(receiver, new DeliveryOptions { WhenFull = whenFull, QueueSize = size, BatchSize = batch, BatchDelay = TimeSpan.Zero, Retries = 2, LongestPause = TimeSpan.FromMilliseconds(1) });

    private static void Add(DeliveryQueue queue, int first, int last)
    {
        for (var n = first; n <= last; n++)
        {
            queue.Add(new PlainEvent(n), EventOrigin.Unknown, default);
        }
    }
}
