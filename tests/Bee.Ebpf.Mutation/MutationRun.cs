using System.Diagnostics;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Mutation;

/// <summary>A failure: the reader threw an undocumented exception, or libbpf crashed on an object that the reader accepted.</summary>
/// <param name="Index">The index of the object in the sequence.</param>
/// <param name="What">A description.</param>
/// <param name="Bytes">The object.</param>
public sealed record MutationFailure(long Index, string What, byte[] Bytes);

/// <summary>The result of a run.</summary>
/// <param name="Seed">The seed of the sequence.</param>
/// <param name="Count">The number of objects.</param>
/// <param name="Refused">The number of objects that the reader rejected, by fault.</param>
/// <param name="Opened">The number of accepted objects that libbpf opened.</param>
/// <param name="RefusedByLibbpf">The number of accepted objects that libbpf rejected.</param>
/// <param name="Failures">The failures.</param>
/// <param name="Elapsed">The duration.</param>
public sealed record MutationReport(
    ulong Seed, long Count, IReadOnlyDictionary<ObjectFault, long> Refused, long Opened, long RefusedByLibbpf, IReadOnlyList<MutationFailure> Failures, TimeSpan Elapsed)
{
    /// <summary>Returns a summary on one line.</summary>
    public override string ToString()
    {
        var faults = string.Join(", ", Refused.OrderByDescending(r => r.Value).Select(r => $"{r.Value} {r.Key}"));
        return $"{Count} mutations, seed {Seed}: {Refused.Values.Sum()} refused ({faults}), {Opened + RefusedByLibbpf} survivors "
            + $"({Opened} opened by libbpf, {RefusedByLibbpf} refused by it), {Failures.Count} failures, {Elapsed.TotalSeconds:f1} s";
    }
}

/// <summary>Mutates objects, reads each with the managed reader, and opens the accepted ones with libbpf in a child process.</summary>
public static class MutationRun
{
    private const int BatchSize = 128;

    // Each failure starts a new worker. Further failures add no information.
    private const int MaxFailures = 200;

    /// <summary>Runs mutations.</summary>
    /// <param name="files">Valid objects to mutate.</param>
    /// <param name="seed">The seed of the sequence.</param>
    /// <param name="count">The number of mutations.</param>
    /// <param name="worker">A program to use instead of this one's worker, or null. It must speak as <c>Worker</c> does.</param>
    /// <param name="first">The first index in the sequence.</param>
    /// <param name="isChecked">False to pass rejected objects to libbpf too, which shows the crashes that the reader prevents.</param>
    /// <returns>The result.</returns>
    public static MutationReport Execute(
        IReadOnlyList<byte[]> files, ulong seed, long count, string? worker = null, long first = 0, bool isChecked = true)
    {
        var clock = Stopwatch.StartNew();
        var mutator = new Mutator(files, seed);
        var refused = new Dictionary<ObjectFault, long>();
        var failures = new List<MutationFailure>();
        var batch = new List<(long Index, byte[] Bytes)>(BatchSize);
        long opened = 0, refusedByLibbpf = 0;
        using var process = new WorkerProcess(worker);

        void Flush()
        {
            var outcomes = process.Open(batch.ConvertAll(b => b.Bytes));
            for (var i = 0; i < outcomes.Count; i++)
            {
                if (outcomes[i].Death is { } death)
                {
                    failures.Add(new MutationFailure(batch[i].Index, $"libbpf {death}", batch[i].Bytes));
                    continue;
                }

                opened += outcomes[i].Opened ? 1 : 0;
                refusedByLibbpf += outcomes[i].Opened ? 0 : 1;
            }

            batch.Clear();
        }

        var index = first;
        for (; index < first + count && failures.Count < MaxFailures; index++)
        {
            var bytes = mutator.Make(index);
            try
            {
                if (isChecked)
                {
                    ObjectFile.Read(bytes, "mutation");
                }

                batch.Add((index, bytes));
            }
            catch (BpfObjectException fault)
            {
                refused[fault.Fault] = refused.GetValueOrDefault(fault.Fault) + 1;
            }
            catch (Exception fault)
            {
                failures.Add(new MutationFailure(index, $"the reader threw {fault}", bytes));
            }

            if (batch.Count == BatchSize)
            {
                Flush();
            }
        }

        Flush();
        return new MutationReport(seed, index - first, refused, opened, refusedByLibbpf, failures, clock.Elapsed);
    }
}
