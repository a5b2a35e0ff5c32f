using System.Collections.Concurrent;
using System.Diagnostics;

namespace Bee.Mutation;

/// <summary>Feeds damaged documents to a reader, which may only throw its declared exceptions.</summary>
/// <param name="name">The name of the document type, for reports and file names.</param>
/// <param name="make">Creates a document by its number, deterministically for a seed.</param>
/// <param name="read">Reads a document, given its number, and uses the whole result.</param>
/// <param name="isDeclared">Reports whether the reader may throw an exception.</param>
internal sealed class ReaderRun(string name, Func<ulong, long, byte[]> make, Action<byte[], long> read, Func<Exception, bool> isDeclared)
{
    private const long MostMemory = 64 << 20;
    private const int MostFailures = 20;

    // A reader that takes longer hangs, or is open to denial of service.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly ConcurrentQueue<string> _failures = [];
    private readonly ConcurrentDictionary<Thread, (long Index, byte[] Bytes, long Started)> _underway = [];
    private long _next;
    private long _refused;
    private long _memory;
    private double _longest;

    /// <summary>Runs the number of documents in <see cref="MutationOptions"/>.</summary>
    /// <param name="tell">Receives the report, which includes the seed.</param>
    /// <param name="part">Runs one in so many documents, for slow readers.</param>
    /// <exception cref="InvalidOperationException">The reader failed. The documents are kept in files.</exception>
    public void Execute(Action<string> tell, int part = 1) => Execute(MutationOptions.Seed, MutationOptions.Count / part, tell);

    /// <summary>Runs a range of documents.</summary>
    public void Execute(ulong seed, long count, Action<string> tell)
    {
        var clock = Stopwatch.StartNew();
        var threads = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(() => Work(seed, count)) { IsBackground = true }).ToList();
        threads.ForEach(t => t.Start());
        foreach (var thread in threads)
        {
            while (!thread.Join(1000))
            {
                FindHanging(seed);
            }
        }

        var report = $"{count} mutations of {name}, seed {seed}: {count - _refused} read, {_refused} refused, {_failures.Count} failures; the longest took {_longest:f1} ms, the largest {_memory >> 10} KiB; {clock.Elapsed.TotalSeconds:f1} s";
        Console.WriteLine(report);
        tell(report);
        if (!_failures.IsEmpty)
        {
            throw new InvalidOperationException($"{report}\n{string.Join('\n', _failures)}");
        }
    }

    private void Work(ulong seed, long count)
    {
        long index;
        while ((index = Interlocked.Increment(ref _next) - 1) < count && _failures.Count < MostFailures)
        {
            var bytes = make(seed, index);
            _underway[Thread.CurrentThread] = (index, bytes, Stopwatch.GetTimestamp());
            One(seed, index, bytes);
        }

        _underway.TryRemove(Thread.CurrentThread, out _);
    }

    private void One(ulong seed, long index, byte[] bytes)
    {
        var (before, started) = (GC.GetAllocatedBytesForCurrentThread(), Stopwatch.GetTimestamp());
        try
        {
            read(bytes, index);
        }
        catch (Exception fault) when (isDeclared(fault))
        {
            Interlocked.Increment(ref _refused);
        }
        catch (Exception fault)
        {
            Fail(seed, index, bytes, fault.ToString());
        }

        var memory = GC.GetAllocatedBytesForCurrentThread() - before;
        var milliseconds = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        lock (_failures)
        {
            (_memory, _longest) = (Math.Max(_memory, memory), Math.Max(_longest, milliseconds));
        }

        if (memory > MostMemory)
        {
            Fail(seed, index, bytes, $"took {memory >> 20} MiB of memory for {bytes.Length} bytes");
        }
    }

    private void FindHanging(ulong seed)
    {
        foreach (var (index, bytes, started) in _underway.Values)
        {
            if (Stopwatch.GetElapsedTime(started) > s_patience)
            {
                Fail(seed, index, bytes, $"has not come to an end after {s_patience.TotalSeconds} s");
                throw new InvalidOperationException(string.Join('\n', _failures));
            }
        }
    }

    private void Fail(ulong seed, long index, byte[] bytes, string what)
    {
        var file = Path.Combine(Path.GetTempPath(), $"bee-mutation-{name.Replace(' ', '-')}-{seed}-{index}");
        File.WriteAllBytes(file, bytes);
        _failures.Enqueue($"seed {seed}, number {index}: {what}\n  The document is in {file}: make it a fixture.");
    }
}
