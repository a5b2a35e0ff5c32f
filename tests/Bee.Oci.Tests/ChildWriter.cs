using System.Collections.Concurrent;
using System.Diagnostics;

namespace Bee.Oci.Tests;

/// <summary>A child process that writes images, and its reports so far.</summary>
internal sealed class ChildWriter
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();

    public ChildWriter(params string[] arguments)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "Bee.Oci.StoreWriter.dll");
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _process = Process.Start(start)!;
        Exited = ReadLines();
    }

    /// <summary>Completes when the process has exited and all its lines are read.</summary>
    public Task Exited { get; }

    public int ExitCode => _process.ExitCode;

    /// <summary>The standard error of the exited process.</summary>
    public string Errors { get; private set; } = "";

    public IReadOnlyCollection<string> Lines => _lines;

    /// <summary>Completes after a number of lines.</summary>
    public Task Wrote(int lines) => Until(() => _lines.Count >= lines);

    /// <summary>Completes when a transfer has moved a number of bytes, or the process has exited.</summary>
    public Task Moved(long bytes) => Until(() => Exited.IsCompleted || _lines.Any(l => l.Split(' ') is ["moved", var done, _] && long.Parse(done) >= bytes));

    /// <summary>Completes when a condition holds while the process runs.</summary>
    public async Task Until(Func<bool> isSo)
    {
        await Wait.UntilAsync(() => isSo() || Exited.IsCompleted);
        Assert.True(isSo(), $"the writer ended by itself: {Errors}");
    }

    public void Kill() => _process.Kill();

    private async Task ReadLines()
    {
        Task<string> errors = _process.StandardError.ReadToEndAsync();
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            // Ignores a line that the death of the process cut off.
            if (line.Split(' ') is [_, _, { Length: > 0 }] && (line.EndsWith('-') || line.Length - line.IndexOf("sha256:", StringComparison.Ordinal) == 71))
            {
                _lines.Enqueue(line);
            }
        }

        await _process.WaitForExitAsync();
        Errors = await errors;
    }
}
