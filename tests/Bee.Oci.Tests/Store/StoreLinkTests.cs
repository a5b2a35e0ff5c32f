using Bee.Oci.Formats;
using Bee.Oci.Store;
using Bee.Posix;

namespace Bee.Oci.Tests.Store;

/// <summary>
/// Stores whose owner has replaced files with links, pipes or folders. Bee does not read, write, replace or delete anything outside the store's folder, as any user.
/// </summary>
public sealed class StoreLinkTests : IDisposable
{
    private const uint Bob = 54321;

    private readonly StoreFolder _folder = new();
    private readonly string _outside;

    public StoreLinkTests()
    {
        _folder.Add("x:v1");
        _folder.Add("y:v1", "other");
        _outside = Path.Combine(_folder.Root, "outside");
        Directory.CreateDirectory(_outside);
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("blobs")]
    [InlineData("blobs/sha256")]
    [InlineData("index.json")]
    [InlineData("oci-layout")]
    [InlineData(".bee")]
    [InlineData(".bee/lock")]
    public void Changes_do_not_follow_a_link_in_place_of_a_part_of_the_store(string part)
    {
        string path = Path.Combine(_folder.Path, part);
        string moved = Path.Combine(_outside, Path.GetFileName(part));
        Directory.Move(path, moved);
        File.CreateSymbolicLink(path, moved);

        // A blob of another program's store, which garbage collection would delete.
        string digest = new('a', 64);
        string strange = Path.Combine(Directory.Exists(moved) ? moved : _outside, digest);
        File.WriteAllText(strange, "stays");
        File.SetLastWriteTimeUtc(strange, DateTime.UnixEpoch);
        string[] before = Files();

        foreach (Action change in new Action[] { () => _folder.Add("z:v1"), () => _folder.Store.Remove("x:v1"), () => Tag("y:v1", "w:v1") })
        {
            StoreException error = Assert.Throws<StoreException>(change);
            Assert.Equal(StoreFault.Untrusted, error.Fault);
            Assert.Contains($"'{path}' is a symbolic link", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(before, Files());
    }

    [Theory]
    [InlineData("blobs", true)]
    [InlineData("blobs/sha256", true)]
    [InlineData("index.json", false)]
    [InlineData("oci-layout", false)]
    public void Link_in_place_of_a_part_of_the_store_is_not_read(string part, bool listed)
    {
        string path = Path.Combine(_folder.Path, part);
        Directory.Move(path, path + ".real");
        File.CreateSymbolicLink(path, path + ".real");
        if (listed)
        {
            Assert.All(_folder.Store.List(), image => Assert.Contains("symbolic link", image.Problem, StringComparison.Ordinal));
        }
        else
        {
            Assert.Equal(StoreFault.Untrusted, Assert.Throws<StoreException>(() => _folder.Store.List()).Fault);
        }
    }

    [Fact]
    public void Blob_that_is_a_link_is_not_read_and_the_next_write_replaces_it()
    {
        Image image = _folder.Store.Find("x:v1")!;
        string blob = _folder.Blob(image.Program!.Digest);
        string outside = Path.Combine(_outside, "program");
        File.Move(blob, outside);
        File.CreateSymbolicLink(blob, outside);

        Assert.Equal(StoreFault.Untrusted, Assert.Throws<StoreException>(() => _folder.Store.ReadProgram(image)).Fault);
        Assert.Equal(StoreFault.MissingBlob, Assert.Throws<StoreException>(() => Tag("x:v1", "w:v1")).Fault);
        _folder.Add("x:v1");
        Assert.Null(new FileInfo(blob).LinkTarget);
        Assert.Equal("program"u8, _folder.Store.ReadProgram(image));
        Assert.True(File.Exists(outside));
    }

    [Fact]
    public void Removing_an_image_whose_blob_is_a_link_deletes_only_the_link()
    {
        Image image = _folder.Store.Find("x:v1")!;
        string blob = _folder.Blob(image.Program!.Digest);
        string outside = Path.Combine(_outside, "program");
        File.Move(blob, outside);
        File.CreateSymbolicLink(blob, outside);
        _folder.Store.Remove("x:v1");
        Assert.Null(new FileInfo(blob).LinkTarget);
        Assert.True(File.Exists(outside));
    }

    [Fact]
    public void Links_and_pipes_among_the_temporary_files_are_left_alone()
    {
        string outside = Path.Combine(_outside, "file");
        File.WriteAllText(outside, "stays");
        string link = Path.Combine(_folder.Path, ".bee", "tmp-link");
        string pipe = Path.Combine(_folder.Path, ".bee", "tmp-pipe");
        string dead = Path.Combine(_folder.Path, ".bee", "tmp-dead");
        File.CreateSymbolicLink(link, outside);
        Ownership.MakePipe(pipe);
        File.WriteAllText(dead, "");
        _folder.Add("z:v1");
        Assert.Equal("stays", File.ReadAllText(outside));
        Assert.False(File.Exists(dead));
    }

    [Fact]
    public void Pipe_in_place_of_the_lock_is_refused_at_once()
    {
        string path = Path.Combine(_folder.Path, ".bee", "lock");
        File.Delete(path);
        Ownership.MakePipe(path);
        Assert.Contains("named pipe", Assert.Throws<StoreException>(() => _folder.Add("z:v1")).Message, StringComparison.Ordinal);
    }

    [RootFact]
    public void Folder_of_a_store_that_is_a_link_is_followed_only_if_it_is_root_s_or_this_user_s()
    {
        string link = Path.Combine(_folder.Root, "link");
        File.CreateSymbolicLink(link, _folder.Path);
        var store = new ImageStore(link);
        store.Add(StoreFolder.Content("through"), ImageReference.Parse("z:v1"));
        Assert.Equal(3, store.List().Count);

        Ownership.Give(link, Bob, below: false);
        Assert.Equal(StoreFault.Untrusted, Assert.Throws<StoreException>(() => store.List()).Fault);
        Assert.Equal(StoreFault.Untrusted, Assert.Throws<StoreException>(() => store.Remove("z:v1")).Fault);
        Assert.Equal(StoreFault.Untrusted, Assert.Throws<StoreException>(() => store.Add(StoreFolder.Content(), ImageReference.Parse("w:v1"))).Fault);
        Assert.Equal(StoreFault.Untrusted, Assert.Throws<StoreException>(
            () => new ImageStore(Path.Combine(link, "below")).Add(StoreFolder.Content(), ImageReference.Parse("w:v1"))).Fault);
        Assert.Equal(3, _folder.Store.List().Count);
    }

    [RootFact]
    public void Root_working_on_a_store_of_another_user_leaves_everything_to_that_user()
    {
        Ownership.Give(_folder.Root, Bob);
        _folder.Add("z:v1", "root's");
        Tag("z:v1", "w:v1");
        _folder.Store.Remove("y:v1");
        var copy = new ImageStore(Path.Combine(_folder.Root, "new", "store"));
        copy.Tag(_folder.Store.Find("x:v1")!, ImageReference.Parse("x:v1"));

        Assert.All(
            Directory.EnumerateFileSystemEntries(_folder.Root, "*", SearchOption.AllDirectories),
            path => Assert.Equal(Bob, FileStatus.Of(path, followLink: false)!.Value.User));
        Assert.Single(copy.List());
    }

    [RootFact]
    public void Layout_of_another_user_with_links_as_blobs_is_not_read()
    {
        // A file with a known digest that only root can read. Without the check, root would copy it into the store.
        Image image = _folder.Store.Find("x:v1")!;
        string blob = _folder.Blob(image.Program!.Digest);
        string secret = Path.Combine(_outside, "secret");
        File.Move(blob, secret);
        File.CreateSymbolicLink(blob, secret);
        Ownership.Give(_folder.Path, Bob);

        using var layout = ImageLayout.Open(_folder.Path);
        LayoutImage found = layout.Images.First(i => i.Descriptor.Digest == image.Digest);
        Assert.Equal(StoreFault.Untrusted, Assert.ThrowsAny<StoreException>(() =>
        {
            using Stream content = layout.Repository(found.Name!.Name).FetchAsync(image.Program).GetAwaiter().GetResult();
        }).Fault);
    }

    [Fact]
    public async Task Folder_that_is_replaced_by_a_link_again_and_again_leads_nowhere_else()
    {
        string blobs = Path.Combine(_folder.Path, "blobs");
        string strange = Path.Combine(_outside, "sha256", new string('a', 64));
        Directory.CreateDirectory(Path.GetDirectoryName(strange)!);
        File.WriteAllText(strange, "stays");
        File.SetLastWriteTimeUtc(strange, DateTime.UnixEpoch);
        string[] before = Files();
        using var stop = new CancellationTokenSource();
        var swaps = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                Directory.Move(blobs, blobs + ".real");
                File.CreateSymbolicLink(blobs, _outside);
                File.Delete(blobs);
                Directory.Move(blobs + ".real", blobs);
            }
        });

        int refused = 0;
        for (int i = 0; i < 100; i++)
        {
            try
            {
                _folder.Add($"z:v{i}", $"program {i}");
                _folder.Store.Remove($"z:v{i}");
            }
            catch (StoreException)
            {
                refused++;
            }
        }

        await stop.CancelAsync();
        try
        {
            await swaps;
        }
        catch (IOException)
        {
            // The store created a folder in the moment when none existed.
        }

        Assert.True(refused > 0 || swaps.IsFaulted, "the folder was never replaced in time");
        Assert.Equal(before, Files());
    }

    [Fact]
    public async Task Store_while_other_threads_start_processes_never_fails()
    {
        // Each child inherits all open files of this process until it calls exec.
        using var stop = new CancellationTokenSource();
        var storm = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                using var child = System.Diagnostics.Process.Start("/bin/true");
                child.WaitForExit();
            }
        });
        for (int i = 0; i < 50; i++)
        {
            Image image = _folder.Add("z:v1", $"program {i}");
            Assert.Equal($"program {i}", System.Text.Encoding.UTF8.GetString(_folder.Store.ReadProgram(image)));
            Assert.Equal("z:v1", Assert.Single(_folder.Store.Remove("z:v1").References));
        }

        await stop.CancelAsync();
        await storm;
        Assert.Empty(Directory.GetFiles(Path.Combine(_folder.Path, ".bee"), "tmp-*"));
    }

    private void Tag(string name, string to) => _folder.Store.Tag(_folder.Store.Find(name)!, ImageReference.Parse(to));

    // The names and times of files in the outside folder. A lock file may exist, because it has no content.
    private string[] Files() => [.. Directory.EnumerateFileSystemEntries(_outside, "*", SearchOption.AllDirectories).Order().Select(f => $"{f} {File.GetLastWriteTimeUtc(f):O}")];
}
