using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Bee.Oci.Tests;

/// <summary>Real processes write one store at once, and some of them are killed in the middle.</summary>
public sealed class KilledWritersTests : IDisposable
{
    private readonly StoreFolder _folder = new();
    private readonly List<Writer> _writers = [];

    [Fact]
    public async Task Ten_writers_at_once_lose_nothing_and_a_reader_never_sees_a_half()
    {
        using var done = new CancellationTokenSource();
        Task<int> reader = Task.Run(() => ReadUntil(done.Token));
        Writer[] writers = Start("registry.example", count: 12);
        await Task.WhenAll(writers.Select(w => w.Exited));
        await done.CancelAsync();

        Assert.All(writers, w => Assert.Equal((0, ""), (w.ExitCode, w.Errors)));
        Assert.All(writers, w => Assert.Equal(12, w.Lines.Count(l => l.StartsWith("added", StringComparison.Ordinal) && l.Contains(":v", StringComparison.Ordinal))));
        Assert.InRange(await reader, 1, int.MaxValue);
        CheckEverything(writers);
    }

    [Fact]
    public async Task Kill_9_at_any_moment_leaves_the_store_whole()
    {
        var random = new Random(9);
        for (int round = 0; round < 3; round++)
        {
            Writer[] writers = Start($"r{round}", count: 100_000);
            await Task.WhenAll(writers.Select(w => w.Wrote(random.Next(1, 6))));
            foreach (Writer writer in writers)
            {
                await Task.Delay(random.Next(25));
                writer.Kill();
            }

            await Task.WhenAll(writers.Select(w => w.Exited));
            CheckEverything(_writers);
        }
    }

    public void Dispose()
    {
        // A test that failed leaves writers at work.
        _writers.ForEach(w => w.Kill());
        Task.WaitAll([.. _writers.Select(w => w.Exited)]);
        _folder.Dispose();
    }

    private Writer[] Start(string name, int count)
    {
        Writer[] writers = [.. Enumerable.Range(0, 10).Select(i => new Writer(_folder.Path, $"{name}/w{i}", count))];
        _writers.AddRange(writers);
        return writers;
    }

    private int ReadUntil(CancellationToken done)
    {
        int listings = 0;
        while (!done.IsCancellationRequested)
        {
            foreach (Image image in _folder.Store.List())
            {
                Assert.Null(image.Problem);
            }

            listings++;
            Thread.Sleep(20);
        }

        return listings;
    }

    /// <summary>The store by its files, without Bee's own code: what is named is there and right, and what was reported is named.</summary>
    private void CheckEverything(IReadOnlyCollection<Writer> writers)
    {
        JsonArray entries = JsonNode.Parse(File.ReadAllBytes(_folder.IndexPath))!["manifests"]!.AsArray();
        var tags = new Dictionary<string, string>();
        foreach (JsonNode? entry in entries)
        {
            tags.Add((string)entry!["annotations"]!["org.opencontainers.image.ref.name"]!, (string)entry["digest"]!);
            JsonNode manifest = JsonNode.Parse(Checked(entry))!;
            Checked(manifest["config"]!);
            Checked(manifest["layers"]!.AsArray().Single()!);
        }

        foreach (string path in _folder.Blobs())
        {
            Assert.Equal(Path.GetFileName(path), Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))));
        }

        foreach (Writer writer in writers)
        {
            CheckReported(writer, tags);
        }

        // Whoever writes next clears away what the dead left; nothing of it was ever under a final name.
        _folder.Add("next:v1");
        Assert.Equal(["lock"], Directory.EnumerateFileSystemEntries(Path.Combine(_folder.Path, ".bee")).Select(Path.GetFileName));
        Assert.Equal([".bee", "blobs", "index.json", "oci-layout"], Directory.EnumerateFileSystemEntries(_folder.Path).Select(Path.GetFileName).Order());
        Assert.All(_folder.Store.List(), i => Assert.Null(i.Problem));
    }

    private static void CheckReported(Writer writer, Dictionary<string, string> tags)
    {
        string[][] lines = [.. writer.Lines.Select(l => l.Split(' '))];
        HashSet<string> leaving = [.. lines.Where(l => l[0] == "removing").Select(l => l[1])];
        foreach (string[] line in lines)
        {
            if (line[0] == "added" && !leaving.Contains(line[1]))
            {
                Assert.Equal(line[2], tags[line[1]]);
            }
            else if (line[0] == "removed")
            {
                Assert.DoesNotContain(line[1], tags.Keys);
            }
        }
    }

    private byte[] Checked(JsonNode descriptor)
    {
        string digest = (string)descriptor["digest"]!;
        byte[] content = File.ReadAllBytes(_folder.Blob(digest));
        Assert.Equal((long)descriptor["size"]!, content.Length);
        Assert.Equal(digest, "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content)));
        return content;
    }

    /// <summary>A child process that writes images, and what it has reported so far.</summary>
    private sealed class Writer
    {
        private readonly Process _process;
        private readonly ConcurrentQueue<string> _lines = new();

        public Writer(string store, string name, int count)
        {
            string program = Path.Combine(AppContext.BaseDirectory, "Bee.Oci.StoreWriter.dll");
            var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [program, store, name, $"{count}"])
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
        public async Task Wrote(int lines)
        {
            var patience = Stopwatch.StartNew();
            while (_lines.Count < lines)
            {
                Assert.False(Exited.IsCompleted, $"the writer ended by itself: {Errors}");
                Assert.True(patience.Elapsed < TimeSpan.FromMinutes(2), "the writer wrote nothing for two minutes");
                await Task.Delay(5);
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
}
