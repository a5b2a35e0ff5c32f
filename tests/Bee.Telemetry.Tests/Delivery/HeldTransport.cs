using System.Collections.Concurrent;
using Bee.Telemetry.Logs;

namespace Bee.Telemetry.Tests.Delivery;

/// <summary>A transport that blocks until it is released, and then returns the given results.</summary>
internal sealed class HeldTransport : ILogTransport
{
    private readonly ManualResetEventSlim _released = new();
    private readonly SemaphoreSlim _asked = new(0);
    private readonly object _gate = new();
    private readonly List<LogRecord> _records = [];

    /// <summary>The first answers.</summary>
    public ConcurrentQueue<Func<IReadOnlyList<LogRecord>, SendResult>> Answers { get; } = new();

    /// <summary>The answer after the first answers.</summary>
    public Func<IReadOnlyList<LogRecord>, SendResult> Otherwise { get; init; } = batch => SendResult.Delivered(batch.Count);

    public string Destination => "the test";

    public bool IsDisposed { get; private set; }

    /// <summary>The length of each batch that was offered.</summary>
    public List<int> Batches { get; } = [];

    /// <summary>The records that were accepted.</summary>
    public IReadOnlyList<LogRecord> Records
    {
        get
        {
            lock (_gate)
            {
                return [.. _records];
            }
        }
    }

    /// <summary>The records as text: the sequence number, and the event or loss.</summary>
    public IReadOnlyList<string> Seen => [.. Records.Select(record => record.IsLoss
        ? $"{record.Sequence}:lost {record.LostCount} {record.Attributes[0].Value}{(record.Map is { } map ? $" {map}" : "")}"
        : $"{record.Sequence}:{record.Attributes[0].Value}")];

    public Task<SendResult> SendAsync(IReadOnlyList<LogRecord> batch, CancellationToken cancellationToken)
    {
        _asked.Release();
        _released.Wait(CancellationToken.None);
        var result = Answers.TryDequeue(out var answer) ? answer(batch) : Otherwise(batch);
        lock (_gate)
        {
            Batches.Add(batch.Count);
            _records.AddRange(result.Refused > 0 ? [] : batch.Take(result.Settled));
            Monitor.PulseAll(_gate);
        }

        return Task.FromResult(result);
    }

    /// <summary>Waits until a batch is offered.</summary>
    public void WaitForBatch() => _asked.Wait();

    /// <summary>Waits until so many records were accepted.</summary>
    public void WaitFor(int records)
    {
        lock (_gate)
        {
            while (_records.Count < records)
            {
                Monitor.Wait(_gate);
            }
        }
    }

    /// <summary>Releases the transport.</summary>
    public void Release() => _released.Set();

    public void Dispose()
    {
        IsDisposed = true;
        _released.Set();
    }
}
