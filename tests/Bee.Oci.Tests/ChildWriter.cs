using System.Collections.Concurrent;
using System.Diagnostics;

namespace Bee.Oci.Tests;

/// <summary>A child process that writes images, and what it has reported so far.</summary>
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

    /// <summary>Ends when the process has, and all its lines are read.</summary>
    public Task Exited { get; }

    public int ExitCode => _process.ExitCode;

    /// <summary>What it wrote to standard error, when it has ended.</summary>
    public string Errors { get; private set; } = "";

    public IReadOnlyCollection<string> Lines => _lines;

    /// <summary>Ends when this many lines have come.</summary>
    public Task Wrote(int lines) => Until(() => _lines.Count >= lines);

    /// <summary>Ends when a transfer has moved this many bytes, or the process has ended.</summary>
    public Task Moved(long bytes) => Until(() => Exited.IsCompleted || _lines.Any(l => l.Split(' ') is ["moved", var done, _] && long.Parse(done) >= bytes));

    /// <summary>Ends when something is so while the process runs.</summary>
    public async Task Until(Func<bool> isSo)
    {
        var patience = Stopwatch.StartNew();
        while (!isSo())
        {
            Assert.False(Exited.IsCompleted, $"the writer ended by itself: {Errors}");
            Assert.True(patience.Elapsed < TimeSpan.FromMinutes(2), "the writer wrote nothing for two minutes");
            await Task.Delay(1);
        }
    }

    public void Kill() => _process.Kill();

    private async Task ReadLines()
    {
        Task<string> errors = _process.StandardError.ReadToEndAsync();
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            // A line cut by death said nothing.
            if (line.Split(' ') is [_, _, { Length: > 0 }] && (line.EndsWith('-') || line.Length - line.IndexOf("sha256:", StringComparison.Ordinal) == 71))
            {
                _lines.Enqueue(line);
            }
        }

        await _process.WaitForExitAsync();
        Errors = await errors;
    }
}
