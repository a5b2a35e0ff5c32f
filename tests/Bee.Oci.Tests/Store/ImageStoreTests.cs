using System.Text;
using System.Text.Json.Nodes;
using Bee.Oci.Formats;
using Bee.Oci.Store;

namespace Bee.Oci.Tests.Store;

public class ImageStoreTests
{
    [Fact]
    public void A_store_that_is_not_there_is_empty_and_stays_away()
    {
        using var folder = new StoreFolder();

        Assert.Empty(folder.Store.List());
        Assert.Null(folder.Store.Find("x"));
        Assert.Equal(StoreFault.NotFound, Assert.Throws<StoreException>(() => folder.Store.Remove("x")).Fault);
        Assert.False(Directory.Exists(folder.Path));
    }

    [Fact]
    public void Returns_the_image_that_was_added()
    {
        using var folder = new StoreFolder();
        Image added = folder.Add("ghcr.io/me/x:v1", "elf");
        Image found = folder.Store.Find("ghcr.io/me/x:v1")!;

        Assert.Equal(("ghcr.io/me/x:v1", "ghcr.io/me/x", "v1", folder.Path), (found.Reference, found.Repository, found.Tag, found.Store));
        Assert.Equal(added.Digest, found.Digest);
        Assert.Equal("elf", Encoding.UTF8.GetString(folder.Store.ReadProgram(found)));
        Assert.Equal(folder.Blobs().Sum(b => new FileInfo(b).Length), found.Size);
    }

    [Fact]
    public void The_default_tag_is_latest()
    {
        using var folder = new StoreFolder();
        Assert.Equal("x:latest", folder.Add("x").Reference);
        Assert.Equal("x:latest", folder.Store.Find("x")!.Reference);
    }

    [Fact]
    public void Finds_by_short_name_and_digest_and_reports_ambiguity()
    {
        using var folder = new StoreFolder();
        Image a = folder.Add("ghcr.io/me/x:v1", "a");
        folder.Add("quay.io/you/x:v2", "b");
        folder.Add("quay.io/you/x:v1", "c");
        ImageStore store = folder.Store;

        Assert.Equal("quay.io/you/x:v2", store.Find("x:v2")!.Reference);
        Assert.Equal("ghcr.io/me/x:v1", store.Find("me/x:v1")!.Reference);
        StoreException several = Assert.Throws<StoreException>(() => store.Find("x:v1"));
        Assert.Equal(StoreFault.Ambiguous, several.Fault);
        Assert.Contains("ghcr.io/me/x:v1", several.Message, StringComparison.Ordinal);
        Assert.Contains("quay.io/you/x:v1", several.Message, StringComparison.Ordinal);
        Assert.Null(store.Find("x"));
        Assert.Null(store.Find("e/x:v1"));

        Assert.Equal(a.Reference, store.Find(a.Digest)!.Reference);
        Assert.Equal(a.Reference, store.Find(a.Digest[..15])!.Reference);
        Assert.Equal(a.Reference, store.Find(a.Digest[7..19])!.Reference);
        Assert.Equal(a.Reference, store.Find("ghcr.io/me/x@" + a.Digest)!.Reference);
        Assert.Equal(a.Reference, store.Find("x:whatever@" + a.Digest)!.Reference);
        Assert.Null(store.Find("quay.io/you/x@" + a.Digest));
        Assert.Null(store.Find(new string('0', 64)));
        Assert.Equal(StoreFault.BadReference, Assert.Throws<StoreException>(() => store.Find("sha256:12")).Fault);
        Assert.Equal(StoreFault.BadReference, Assert.Throws<StoreException>(() => store.Find("Not A Name")).Fault);
    }

    [Fact]
    public void A_digest_prefix_of_two_images_is_ambiguous_and_a_name_wins_over_it()
    {
        using var folder = new StoreFolder();
        folder.Lay(null);
        JsonObject[] entries = [.. Enumerable.Range(0, 2).Select(i => StoreFolder.Named(
            new() { ["mediaType"] = MediaTypes.ImageManifest, ["digest"] = "sha256:abcd" + new string((char)('0' + i), 60), ["size"] = 1 }, $"x:v{i}"))];
        folder.LayEntries(entries);

        Assert.Equal(StoreFault.Ambiguous, Assert.Throws<StoreException>(() => folder.Store.Find("abcd")).Fault);
        Assert.Equal("x:v1", folder.Store.Find("abcd1")!.Reference);
        folder.Add("abcd:latest");
        Assert.Equal("abcd:latest", folder.Store.Find("abcd")!.Reference);
    }

    [Theory]
    [InlineData(null, "a/x:v1 ghcr.io/me/xray:v1 ghcr.io/me/y:v2")]
    [InlineData("*", "a/x:v1 ghcr.io/me/xray:v1 ghcr.io/me/y:v2")]
    [InlineData("x*", "a/x:v1 ghcr.io/me/xray:v1")]
    [InlineData("X", "a/x:v1")]
    [InlineData("x:v1", "a/x:v1")]
    [InlineData("*:v1", "a/x:v1 ghcr.io/me/xray:v1")]
    [InlineData("ghcr.io/*", "ghcr.io/me/xray:v1 ghcr.io/me/y:v2")]
    [InlineData("me/?", "ghcr.io/me/y:v2")]
    [InlineData("[a-x]ray", "ghcr.io/me/xray:v1")]
    [InlineData("[A-X]RAY", "ghcr.io/me/xray:v1")]
    [InlineData("[^y-]ray", "")]
    [InlineData("[-x]:v?", "a/x:v1")]
    [InlineData("g*r*/m*a*y*1", "ghcr.io/me/xray:v1")]
    [InlineData("*a*x", "a/x:v1")]
    [InlineData("x?", "")]
    [InlineData("x:v1**", "a/x:v1")]
    [InlineData("[z-a]", "")]
    [InlineData("[", "")]
    [InlineData("nothing*", "")]
    public void Lists_by_wildcard(string? pattern, string expected)
    {
        using var folder = new StoreFolder();
        folder.Add("ghcr.io/me/xray:v1");
        folder.Add("a/x:v1");
        folder.Add("ghcr.io/me/y:v2");

        Assert.Equal(expected, string.Join(' ', folder.Store.List(pattern).Select(i => i.Reference)));
    }

    [Theory]
    [InlineData("[::1]:5000/*", "[::1]:5000/a/x:v1 [::1]:5000/b:v1")]
    [InlineData("[::1]:5000/a*", "[::1]:5000/a/x:v1")]
    [InlineData("[::1]:500[0-9]/b", "[::1]:5000/b:v1")]
    [InlineData("[::2]*", "")]
    [InlineData("*[[]::1]*", "[::1]:5000/a/x:v1 [::1]:5000/b:v1")]
    public void Lists_by_wildcard_behind_an_address_in_brackets(string pattern, string expected)
    {
        using var folder = new StoreFolder();
        folder.Add("[::1]:5000/a/x:v1");
        folder.Add("[::1]:5000/b:v1");
        folder.Add("1/b:v1");

        Assert.Equal(expected, string.Join(' ', folder.Store.List(pattern).Select(i => i.Reference)));
    }

    [Fact]
    public void Who_stored_an_image_gets_that_one_though_its_name_moved_on_at_once()
    {
        using var folder = new StoreFolder();
        Image first = folder.Add("x:v1", "one");
        Image second = folder.Add("x:v1", "two");

        Image mine = folder.Store.Stored("x:v1", first.Descriptor);
        Assert.Equal(("x:v1", first.Digest, "one"), (mine.Reference, mine.Digest, Encoding.UTF8.GetString(folder.Store.ReadProgram(mine))));
        Assert.Equal(second.Digest, folder.Store.Stored("x:v1", second.Descriptor).Digest);
        File.Delete(folder.Blob(first.Digest));
        Assert.Equal(StoreFault.NotFound, Assert.Throws<StoreException>(() => folder.Store.Stored("x:v1", first.Descriptor)).Fault);
    }

    [Fact]
    public void A_name_moves_and_adding_again_changes_nothing()
    {
        using var folder = new StoreFolder();
        Image first = folder.Add("x:v1", "one");
        string index = File.ReadAllText(folder.IndexPath);
        Assert.Equal(first.Created, folder.Add("x:v1", "one").Created);
        Assert.Equal(index, File.ReadAllText(folder.IndexPath));

        Image second = folder.Add("x:v1", "two");
        Assert.NotEqual(first.Digest, second.Digest);
        Assert.Equal(second.Digest, Assert.Single(folder.Store.List()).Digest);

        // A caller that holds the old image can still run it, and tag it again.
        Assert.Equal("one", Encoding.UTF8.GetString(folder.Store.ReadProgram(first)));
        Assert.Equal(first.Digest, folder.Store.Tag(first, ImageReference.Parse("x:old")).Digest);
    }

    [Fact]
    public void Removing_the_last_name_deletes_the_blobs_that_no_other_image_needs()
    {
        using var folder = new StoreFolder();
        Image a = folder.Add("x:v1", "a");
        folder.Store.Tag(a, ImageReference.Parse("x:also"));
        folder.Add("y:v1", "b");
        Assert.Equal(5, folder.Blobs().Length); // the two configs are the same

        RemoveResult one = folder.Store.Remove("x:v1");
        Assert.Equal(("x:v1", a.Digest, 0, 0L), (Assert.Single(one.References), one.Digest, one.BlobsDeleted, one.BytesFreed));
        Assert.Equal("a", Encoding.UTF8.GetString(folder.Store.ReadProgram(folder.Store.Find("x:also")!)));

        long before = folder.Blobs().Sum(b => new FileInfo(b).Length);
        RemoveResult two = folder.Store.Remove("x:also");
        Assert.Equal(2, two.BlobsDeleted);
        Assert.Equal(before - folder.Blobs().Sum(b => new FileInfo(b).Length), two.BytesFreed);
        Assert.Equal("b", Encoding.UTF8.GetString(folder.Store.ReadProgram(folder.Store.Find("y:v1")!)));
        Assert.Equal(3, folder.Blobs().Length);
    }

    [Fact]
    public void Removing_by_digest_removes_all_names_and_an_ambiguous_name_removes_none()
    {
        using var folder = new StoreFolder();
        Image a = folder.Add("ghcr.io/me/x:v1", "a");
        folder.Store.Tag(a, ImageReference.Parse("quay.io/me/x:v1"));

        Assert.NotNull(folder.Store.Find("x:v1"));
        Assert.Equal(StoreFault.Ambiguous, Assert.Throws<StoreException>(() => folder.Store.Remove("x:v1")).Fault);
        RemoveResult result = folder.Store.Remove(a.Digest[..20]);
        Assert.Equal(["ghcr.io/me/x:v1", "quay.io/me/x:v1"], result.References);
        Assert.Equal(3, result.BlobsDeleted);
        Assert.Empty(folder.Blobs());
    }

    [Fact]
    public void Blobs_without_an_owner_go_when_they_are_old()
    {
        using var folder = new StoreFolder();
        folder.Add("x:v1", "a");
        folder.Add("y:v1", "b");
        string fresh = folder.Blob((string)folder.Put("another tool's, not in its index yet"u8.ToArray(), "x")["digest"]!);
        string old = folder.Blob((string)folder.Put("of a writer killed long ago"u8.ToArray(), "x")["digest"]!);
        File.SetLastWriteTimeUtc(old, DateTime.UtcNow.AddHours(-2));

        Assert.Equal(3, folder.Store.Remove("x:v1").BlobsDeleted);
        Assert.True(File.Exists(fresh));
        Assert.False(File.Exists(old));
    }

    [Fact]
    public void A_tag_requires_a_complete_image()
    {
        using var folder = new StoreFolder();
        Image image = folder.Add("x:v1");
        File.Delete(folder.Blob(image.Program!.Digest));

        Assert.Equal(StoreFault.MissingBlob, Assert.Throws<StoreException>(() => folder.Store.Tag(image, ImageReference.Parse("x:v2"))).Fault);
        Assert.Single(folder.Store.List());
        Assert.Equal(StoreFault.BadReference, Assert.Throws<StoreException>(
            () => folder.Store.Tag(image, ImageReference.Parse("x@sha256:" + new string('0', 64)))).Fault);
    }

    [Fact]
    public void An_image_of_another_store_is_copied_with_its_blobs()
    {
        using var one = new StoreFolder();
        using var two = new StoreFolder();
        Image image = one.Add("x:v1", "elf");
        Image copy = two.Store.Tag(image, ImageReference.Parse("y:v2"));

        Assert.Equal((image.Digest, two.Path), (copy.Digest, copy.Store));
        Assert.Equal("elf", Encoding.UTF8.GetString(two.Store.ReadProgram(copy)));
    }

    [Fact]
    public void Adding_mends_a_damaged_blob()
    {
        using var folder = new StoreFolder();
        Image image = folder.Add("x:v1", "elf");
        File.WriteAllText(folder.Blob(image.Program!.Digest), "fle");
        Assert.Equal(StoreFault.DigestMismatch, Assert.Throws<StoreException>(() => folder.Store.ReadProgram(image)).Fault);

        folder.Add("x:v1", "elf");
        Assert.Equal("elf", Encoding.UTF8.GetString(folder.Store.ReadProgram(image)));
    }

    [Fact]
    public void Only_the_owner_may_look_in()
    {
        using var folder = new StoreFolder();
        folder.Add("x");
        foreach (string path in Directory.EnumerateFileSystemEntries(folder.Path, "*", SearchOption.AllDirectories).Append(folder.Path))
        {
            const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
            Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(path) & Others);
        }
    }

    [Fact]
    public void Does_not_settle_in_a_directory_that_is_used_for_something_else()
    {
        using var folder = new StoreFolder();
        File.WriteAllText(Path.Combine(folder.Root, "letter.txt"), "dear");
        var store = new ImageStore(folder.Root);

        Assert.Equal(StoreFault.NotAStore, Assert.Throws<StoreException>(() => store.Add(StoreFolder.Content(), ImageReference.Parse("x"))).Fault);
        Assert.Equal(StoreFault.NotAStore, Assert.Throws<StoreException>(() => store.List()).Fault);
        Assert.Equal(["letter.txt"], Directory.EnumerateFileSystemEntries(folder.Root).Select(Path.GetFileName));
        Assert.Equal(StoreFault.NotAStore, Assert.Throws<StoreException>(() => new ImageStore(Path.Combine(folder.Root, "letter.txt")).List()).Fault);
        Assert.Equal(StoreFault.NotAStore, Assert.Throws<StoreException>(() => new ImageStore("")).Fault);
    }

    [Fact]
    public void Keys_and_entries_of_other_tools_survive()
    {
        using var folder = new StoreFolder();
        folder.Lay("""
            {"schemaVersion":2,"x-index":{"a":1},"annotations":{"k":"v"},"manifests":[null,
             {"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha512:00","size":3,"x-entry":[1],"urls":["u"],"platform":{"os":"linux","architecture":"amd64","os.version":"9"}}]}
            """);
        folder.Add("x:v1");

        JsonNode index = JsonNode.Parse(File.ReadAllText(folder.IndexPath))!;
        Assert.Equal("""{"a":1}""", index["x-index"]!.ToJsonString());
        Assert.Equal("v", (string?)index["annotations"]!["k"]);
        JsonNode entry = index["manifests"]!.AsArray().Single(e => (string?)e?["digest"] == "sha512:00")!;
        Assert.Equal("""["u"]""", entry["urls"]!.ToJsonString());
        Assert.Equal("[1]", entry["x-entry"]!.ToJsonString());
        Assert.Equal("9", (string?)entry["platform"]!["os.version"]);
    }

    [Fact]
    public void Threads_of_one_process_keep_apart_too()
    {
        using var folder = new StoreFolder();
        Parallel.For(0, 24, new() { MaxDegreeOfParallelism = 6 }, i => new ImageStore(folder.Path).Add(StoreFolder.Content($"p{i}"), ImageReference.Parse($"x:v{i}")));
        Assert.Equal(24, folder.Store.List().Count(i => i.Problem is null));
    }
}
