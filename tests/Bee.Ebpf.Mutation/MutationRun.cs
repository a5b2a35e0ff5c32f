using System.Diagnostics;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Mutation;

/// <summary>Something that must not happen: the reader threw what it may not, or libbpf died of what the reader let through.</summary>
/// <param name="Index">The file's number in its row.</param>
/// <param name="What">What happened.</param>
/// <param name="Bytes">The file.</param>
public sealed record MutationFailure(long Index, string What, byte[] Bytes);

/// <summary>What came of a run.</summary>
/// <param name="Seed">The row's seed.</param>
/// <param name="Count">How many files were made.</param>
/// <param name="Refused">How many the reader refused, by what was wrong.</param>
/// <param name="Opened">How many of those let through libbpf opened.</param>
/// <param name="RefusedByLibbpf">How many of those let through libbpf refused with an error of its own.</param>
/// <param name="Failures">What must not happen, and did.</param>
/// <param name="Elapsed">How long it took.</param>
public sealed record MutationReport(
    ulong Seed, long Count, IReadOnlyDictionary<ObjectFault, long> Refused, long Opened, long RefusedByLibbpf, IReadOnlyList<MutationFailure> Failures, TimeSpan Elapsed)
{
    /// <summary>One line for people.</summary>
    public override string ToString()
    {
        var faults = string.Join(", ", Refused.OrderByDescending(r => r.Value).Select(r => $"{r.Value} {r.Key}"));
        return $"{Count} mutations, seed {Seed}: {Refused.Values.Sum()} refused ({faults}), {Opened + RefusedByLibbpf} survivors "
            + $"({Opened} opened by libbpf, {RefusedByLibbpf} refused by it), {Failures.Count} failures, {Elapsed.TotalSeconds:f1} s";
    }
}

/// <summary>Damages objects, reads each with the managed reader, and lets libbpf open in a child process what the reader let through.</summary>
public static class MutationRun
{
    private const int BatchSize = 128;

    // Each failure costs a new worker; beyond so many the run teaches nothing more.
    private const int MaxFailures = 200;

    /// <summary>Runs.</summary>
    /// <param name="files">Whole objects to damage.</param>
    /// <param name="seed">Which row of damages.</param>
    /// <param name="count">How many.</param>
    /// <param name="worker">A program to use instead of this one's worker, or null. It must speak as <c>Worker</c> does.</param>
    /// <param name="first">Where in the row to begin.</param>
    /// <param name="isChecked">False to give libbpf everything: what crashes then is what the reader is there for.</param>
    /// <returns>What came of it.</returns>
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
