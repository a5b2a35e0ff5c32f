using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Bee.Mutation;
using Bee.Oci.Formats;
using Bee.Oci.Store;

namespace Bee.Oci.Tests.Store;

/// <summary>Stores that were damaged, by accident or on purpose, cause only <see cref="StoreException"/>.</summary>
public sealed class HostileStoreTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"manifests\":{}}")]
    [InlineData("{\"manifests\":[5]}")]
    [InlineData("{\"manifests\":[{\"size\":1e99}]}")]
    [InlineData("{\"manifests\":[{\"size\":\"1\"}]}")]
    [InlineData("{\"manifests\":[{\"annotations\":{\"a\":{}}}]}")]
    [InlineData("{\"schemaVersion\":2")]
    public void A_damaged_index_is_reported_and_not_changed(string index)
    {
        _folder.Lay(index);
        Assert.Equal(StoreFault.DamagedIndex, Assert.Throws<StoreException>(() => _folder.Store.List()).Fault);
        Assert.Equal(StoreFault.DamagedIndex, Assert.Throws<StoreException>(() => _folder.Store.Find("x")).Fault);
        Assert.Equal(StoreFault.DamagedIndex, Assert.Throws<StoreException>(() => _folder.Add("x")).Fault);
        Assert.Equal(index, File.ReadAllText(_folder.IndexPath));
    }

    [Fact]
    public void An_index_that_cannot_be_written_again_is_left_alone()
    {
        const string Index = """{"manifests":[],"other":{"\ud800":1}}""";
        _folder.Lay(Index);
        Assert.Empty(_folder.Store.List());
        Assert.Equal(StoreFault.DamagedIndex, Assert.Throws<StoreException>(() => _folder.Add("x")).Fault);
        Assert.Equal(Index, File.ReadAllText(_folder.IndexPath));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"imageLayoutVersion\":\"2.0.0\"}")]
    [InlineData("nothing")]
    public void A_layout_of_another_version_is_not_read(string layout)
    {
        _folder.Add("x");
        File.WriteAllText(Path.Combine(_folder.Path, "oci-layout"), layout);
        Assert.Equal(StoreFault.NotAStore, Assert.Throws<StoreException>(() => _folder.Store.List()).Fault);
    }

    [Fact]
    public void One_damaged_image_does_not_hide_the_others_and_can_be_removed()
    {
        _folder.Add("good:v1", "good");
        Image bad = _folder.Add("bad:v1", "bad");
        File.AppendAllText(_folder.Blob(bad.Digest), " ");

        Image listed = _folder.Store.List().Single(i => i.Reference == "bad:v1");
        Assert.Contains("bytes", listed.Problem, StringComparison.Ordinal);
        Assert.Equal(StoreFault.DigestMismatch, Assert.Throws<StoreException>(() => _folder.Store.ReadProgram(listed)).Fault);
        Assert.Null(_folder.Store.Find("good:v1")!.Problem);
        _folder.Store.Remove("bad:v1");
        Assert.Equal("good:v1", Assert.Single(_folder.Store.List()).Reference);
    }

    [Fact]
    public void A_missing_manifest_is_reported()
    {
        Image image = _folder.Add("x:v1");
        File.Delete(_folder.Blob(image.Digest));
        Assert.Contains("is not in the image store", _folder.Store.Find("x:v1")!.Problem, StringComparison.Ordinal);
        Assert.Equal("x:v1", Assert.Single(_folder.Store.Remove("x:v1").References));
        Assert.Empty(_folder.Store.List());
    }

    [Theory]
    [InlineData("{0}")]
    [InlineData("{1}")]
    [InlineData("ghcr.io/me/x@{0}")]
    [InlineData("ghcr.io/me/x:v1@{0}")]
    public void A_name_that_reads_as_another_images_digest_is_not_taken_for_it(string name)
    {
        Image good = _folder.Add("ghcr.io/me/x:v1", "good");
        Image other = _folder.Add("ghcr.io/me/x:v2", "other");
        string wanted = string.Format(CultureInfo.InvariantCulture, name, good.Digest, good.Digest["sha256:".Length..]);
        JsonNode index = JsonNode.Parse(File.ReadAllBytes(_folder.IndexPath))!;
        index["manifests"]![1]!["annotations"]!["org.opencontainers.image.ref.name"] = wanted;
        File.WriteAllText(_folder.IndexPath, index.ToJsonString());
        Assert.Contains(_folder.Store.List(), image => image.Digest == other.Digest && image.Reference == wanted);

        Assert.Equal(good.Digest, _folder.Store.Find(wanted)!.Digest);
        Assert.Equal(good.Digest, _folder.Store.Remove(wanted).Digest);
        Assert.Equal(other.Digest, Assert.Single(_folder.Store.List()).Digest);
        Assert.Null(_folder.Store.Find(wanted));
    }

    [Fact]
    public void A_document_that_is_manifest_and_index_at_once_is_refused()
    {
        _folder.Lay(null);
        JsonObject program = _folder.Put("elf"u8.ToArray(), MediaTypes.EbpfProgram);
        byte[] both = StoreFolder.Bytes(new JsonObject { ["schemaVersion"] = 2, ["layers"] = new JsonArray(program), ["manifests"] = new JsonArray() });
        byte[] other = StoreFolder.Bytes(new JsonObject { ["mediaType"] = MediaTypes.ImageIndex, ["layers"] = new JsonArray() });
        _folder.LayEntries(
            StoreFolder.Named(_folder.Put(both, MediaTypes.ImageManifest), "a"),
            StoreFolder.Named(_folder.Put(both, MediaTypes.ImageIndex), "b"),
            StoreFolder.Named(_folder.Put(other, MediaTypes.ImageManifest), "c"));

        Assert.All(_folder.Store.List(), i => Assert.Contains("media type", i.Problem, StringComparison.Ordinal));
    }

    [Fact]
    public void Sizes_are_capped_before_anything_is_read()
    {
        Image image = _folder.Add("x:v1");
        using (FileStream endless = File.OpenWrite(_folder.Blob(image.Digest)))
        {
            endless.SetLength(1L << 40); // sparse
        }

        using (FileStream endless = File.OpenWrite(_folder.Blob(image.Program!.Digest)))
        {
            endless.SetLength(1L << 40);
        }

        Assert.Contains("limit", _folder.Store.Find("x:v1")!.Problem, StringComparison.Ordinal);
        Assert.Equal(StoreFault.TooLarge, Assert.Throws<StoreException>(() => _folder.Store.ReadProgram(image)).Fault);
        using (FileStream endless = File.OpenWrite(_folder.IndexPath))
        {
            endless.SetLength(1L << 40);
        }

        Assert.Equal(StoreFault.TooLarge, Assert.Throws<StoreException>(() => _folder.Store.List()).Fault);
    }

    [Fact]
    public void A_pipe_in_place_of_a_file_does_not_hang()
    {
        Image image = _folder.Add("x:v1");
        File.Delete(_folder.Blob(image.Digest));
        Ownership.MakePipe(_folder.Blob(image.Digest));
        Assert.Contains("not a regular file", _folder.Store.Find("x:v1")!.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_for_the_terminal_is_sanitized()
    {
        _folder.Lay(null);
        JsonObject config = _folder.Put("{\"maps\":[{\"name\":\"a\\u001b[2J\"},null],\"programs\":null,\"build\":{\"flags\":null}}"u8.ToArray(), MediaTypes.EbpfConfig);
        byte[] manifest = StoreFolder.Bytes(new JsonObject
        {
            ["config"] = config,
            ["annotations"] = new JsonObject { [AnnotationKeys.Description] = "one\ntwo\u001b]0;x\u0007", ["none"] = null },
        });
        _folder.LayEntries(StoreFolder.Named(_folder.Put(manifest, MediaTypes.ImageManifest), "x\u001b[31m:v1"));

        Image image = Assert.Single(_folder.Store.List());
        Assert.Null(image.Problem);
        Assert.Equal("x\uFFFD[31m:v1", image.Reference);
        Assert.Equal("one\ntwo\uFFFD]0;x\uFFFD", image.Description);
        Assert.Equal("a\uFFFD[2J", Assert.Single(image.Maps).Name);
        Assert.Empty(image.Programs);
        Assert.Empty(image.Build!.Flags);
        Assert.Equal(StoreFault.NoProgram, Assert.Throws<StoreException>(() => _folder.Store.ReadProgram(image)).Fault);
    }

    [Fact]
    public void Noise_in_a_stores_files_is_only_ever_a_StoreException()
    {
        // DocumentMutationTests cover more cases, in memory.
        Image image = _folder.Store.Add(
            StoreFolder.Content("elf", "text \\u") with { Config = new() { Maps = [new() { Name = "m", Type = "Hash" }], Build = new() { Flags = ["-O2"] } } },
            ImageReference.Parse("ghcr.io/me/x:v1"));
        byte[] index = File.ReadAllBytes(_folder.IndexPath);
        var mutator = TextMutator.Json(index);
        int whole = 0;
        for (int i = 0; i < 500; i++)
        {
            byte[] spoilt = mutator.Make(20, i);
            File.WriteAllBytes(_folder.IndexPath, spoilt);
            try
            {
                whole += UseEverything() ? 1 : 0;
            }
            catch (Exception e) when (e is not StoreException)
            {
                Assert.Fail($"{e} on {Encoding.UTF8.GetString(spoilt)}");
            }
        }

        Assert.InRange(whole, 10, 490);
    }

    public void Dispose() => _folder.Dispose();

    private bool UseEverything()
    {
        try
        {
            bool sound = false;
            foreach (Image image in _folder.Store.List())
            {
                sound |= image.Problem is null;
                _ = $"{image.Maps.Count}{image.Programs.Count}{image.Parameters.Count}{image.Build?.Flags.Count}{image.Description}{image.Platform}{image.Created}";
                _ = _folder.Store.Find(image.Digest);
                _folder.Store.ReadProgram(image);
            }

            return sound;
        }
        catch (StoreException)
        {
            return false;
        }
    }
}
