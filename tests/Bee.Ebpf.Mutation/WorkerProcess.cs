using System.Buffers.Binary;
using System.Diagnostics;

namespace Bee.Ebpf.Mutation;

/// <summary>The result for an object: whether libbpf opened it, and how the worker died if it crashed.</summary>
internal readonly record struct Outcome(bool Opened, string? Death);

/// <summary>Runs a <see cref="Worker"/> as a child process, and restarts it after each crash.</summary>
internal sealed class WorkerProcess(string? program) : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private Process? _process;

    /// <summary>Opens objects in order.</summary>
    /// <returns>The outcome of each, in order.</returns>
    public IReadOnlyList<Outcome> Open(IReadOnlyList<byte[]> objects)
    {
        var outcomes = new List<Outcome>(objects.Count);
        while (outcomes.Count < objects.Count)
        {
            Exchange(objects, outcomes);
        }

        return outcomes;
    }

    public void Dispose() => Stop();

    private void Exchange(IReadOnlyList<byte[]> objects, List<Outcome> outcomes)
    {
        var process = _process ??= Start();
        var hung = false;
        var first = outcomes.Count;
        using var timer = new Timer(_ => { hung = true; Kill(process); }, null, s_patience, Timeout.InfiniteTimeSpan);

        // Writes on another thread: a batch and its results may exceed the capacity of both pipes.
        var writing = Task.Run(() => Write(process, objects, first));
        var answer = new byte[objects.Count - first];
        var read = 0;
        while (read < answer.Length)
        {
            var got = process.StandardOutput.BaseStream.Read(answer, read, answer.Length - read);
            if (got == 0)
            {
                break;
            }

            timer.Change(s_patience, Timeout.InfiniteTimeSpan);
            read += got;
        }

        for (var i = 0; i < read; i++)
        {
            outcomes.Add(new Outcome(answer[i] == 1, null));
        }

        if (read < answer.Length)
        {
            process.WaitForExit();
            outcomes.Add(new Outcome(false, hung ? "hung" : $"died (exit code {process.ExitCode})"));
            Stop();
        }

        writing.Wait();
    }

    private static void Write(Process process, IReadOnlyList<byte[]> objects, int first)
    {
        try
        {
            var pipe = process.StandardInput.BaseStream;
            var length = new byte[4];
            for (var i = first; i < objects.Count; i++)
            {
                BinaryPrimitives.WriteInt32LittleEndian(length, objects[i].Length);
                pipe.Write(length);
                pipe.Write(objects[i]);
            }

            pipe.Flush();
        }
        catch (Exception fault) when (fault is IOException or ObjectDisposedException)
        {
            // The worker died; the reader counts its answers.
        }
    }

    private Process Start()
    {
        var own = typeof(WorkerProcess).Assembly.Location;
        var start = program is null
            ? new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", ["exec", own, "--worker"])
            : new ProcessStartInfo(program);
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = program is null;
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        var process = Process.Start(start) ?? throw new InvalidOperationException("the worker did not start");
        if (program is null)
        {
            process.ErrorDataReceived += (_, _) => { };
            process.BeginErrorReadLine();
        }

        if (process.StandardOutput.BaseStream.ReadByte() != Worker.Ready)
        {
            throw new InvalidOperationException("the worker could not load libbpf.so.1 (package libbpf1), or whatever BEE_LIBBPF names");
        }

        return process;
    }

    private void Stop()
    {
        if (_process is { } process)
        {
            _process = null;
            Kill(process);
            process.WaitForExit();
            process.Dispose();
        }
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended already.
        }
    }
}
