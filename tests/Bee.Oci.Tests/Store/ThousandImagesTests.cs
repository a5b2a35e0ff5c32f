using System.Text.Json.Nodes;
using Bee.Oci.Formats;

namespace Bee.Oci.Tests.Store;

/// <summary>Tests a large store. The benchmarks measure the times.</summary>
public sealed class ThousandImagesTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    [Fact]
    public void A_thousand_images_are_listed_and_one_of_them_is_found()
    {
        Fill(1000);
        Assert.Equal(1000, _folder.Store.List().Count(i => i.Problem is null && i.Maps.Count == 4));
        Assert.NotNull(_folder.Store.Find("image500:v1"));
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Writes a thousand images directly, because adding each with fsync is slow.</summary>
    private void Fill(int count)
    {
        var entries = new JsonObject[count];
        var config = new ImageConfig
        {
            Programs = [new() { Name = "a", Section = "tracepoint/x/y" }, new() { Name = "b", Section = "kprobe/z" }],
            Maps = [.. Enumerable.Range(0, 4).Select(i => new ImageMap { Name = $"print_events{i}", Type = "RingBuffer", ValueType = "struct event" })],
            Parameters = [new() { Name = "target_pid", Type = "int", Size = 4, Default = "0" }],
            Build = new() { Clang = "clang version 14", Flags = ["-O2", "-g", "-target bpf"] },
        };
        _folder.Lay(null);
        for (int i = 0; i < count; i++)
        {
            byte[] program = new byte[2_000];
            new Random(i).NextBytes(program);
            var packed = PackedImage.From(StoreFolder.Content() with { Program = program, Config = config with { Build = config.Build with { Source = $"{i}.c" } } });
            _folder.Put(packed.Program, "");
            _folder.Put(packed.Config, "");
            entries[i] = StoreFolder.Named(_folder.Put(packed.Manifest, MediaTypes.ImageManifest), $"ghcr.io/me/image{i}:v1");
        }

        _folder.LayEntries(entries);
    }
}
