using System.Text;
using Bee.Oci.Formats;
using Bee.Oci.Store;
using Bee.Posix;

namespace Bee.Oci.Tests.Store;

/// <summary>Root reads another user's store. The user id does not exist on this machine.</summary>
public sealed class ImageStoresTests : IDisposable
{
    private const uint User = 54321;
    private const uint Stranger = 54322;

    private readonly StoreFolder _home = new();
    private readonly StoreFolder _root = new();
    private readonly ImageStore _theirs;
    private readonly ImageStores _stores;

    public ImageStoresTests()
    {
        var user = new InvokingUser(User, _home.Root, PrivateGroup: User);
        _theirs = new ImageStore(StorePaths.InHome(_home.Root));
        _stores = new ImageStores(_root.Store, user);
        if (Environment.IsPrivilegedProcess)
        {
            _theirs.Add(StoreFolder.Content("theirs"), ImageReference.Parse("x:v1"));
            _theirs.Add(StoreFolder.Content("only theirs"), ImageReference.Parse("y:v1"));
            Ownership.Give(_home.Root, User);
        }
    }

    [RootFact]
    public void Reads_both_and_prefers_its_own()
    {
        _root.Add("x:v1", "own");

        Assert.Equal([_root.Path, _theirs.Path, _theirs.Path], _stores.List().Select(i => i.Store));
        Assert.Equal(["x:v1", "x:v1", "y:v1"], _stores.List().Select(i => i.Reference));
        Assert.Equal("own", Program("x:v1"));
        Assert.Equal("only theirs", Program("y:v1"));
        Assert.Null(_stores.Find("z:v1"));
        Assert.Null(_stores.InvokingFault);
    }

    [RootFact]
    public void Writes_to_its_own_only()
    {
        string[] before = [.. Files(_home.Root)];
        Image copy = _stores.Tag(_stores.Find("y:v1")!, ImageReference.Parse("mine:v1"));

        Assert.Equal(_root.Path, copy.Store);
        Assert.Equal("only theirs", Program("mine:v1"));
        Assert.Equal(before, Files(_home.Root));
        Assert.Equal(StoreFault.ReadOnly, Assert.Throws<StoreException>(() => _stores.Invoking!.Remove("y:v1")).Fault);
        Assert.Equal(StoreFault.ReadOnly, Assert.Throws<StoreException>(
            () => _stores.Invoking!.Add(StoreFolder.Content(), ImageReference.Parse("x"))).Fault);
    }

    [RootFact]
    public void Group_writable_is_sound_only_with_a_group_of_ones_own()
    {
        Mode(_theirs.Path, "770");
        Assert.Equal("only theirs", Program("y:v1"));
        Assert.Empty(new ImageStores(_root.Store, new InvokingUser(User, _home.Root, PrivateGroup: null)).List());
    }

    [RootFact]
    public void Passes_over_a_store_that_others_could_have_written()
    {
        string data = Path.Combine(_home.Root, ".local", "share");
        string index = Path.Combine(_theirs.Path, "index.json");
        string blobs = Path.Combine(_theirs.Path, "blobs");
        Refused(() => Mode(data, "707"), () => Mode(data, "700"), "mode 707");
        Refused(() => Mode(index, "602"), () => Mode(index, "600"), "mode 602");
        Refused(() => Ownership.Give(data, Stranger, below: false), () => Ownership.Give(data, User, below: false), $"user {Stranger}");
        Refused(() => Ownership.Give(index, Stranger), () => Ownership.Give(index, User), $"user {Stranger}");
        Refused(() => Link(_theirs.Path), () => Unlink(_theirs.Path), "link");
        Refused(() => Link(index), () => Unlink(index), "link");

        // Damage below the index is reported with the image.
        Refused(() => Mode(blobs, "777"), () => Mode(blobs, "700"), "mode 777", listed: 2);
        Refused(() => Link(blobs), () => Unlink(blobs), "link", listed: 2);
    }

    [RootFact]
    public void Does_not_read_a_blob_that_is_a_link_or_a_strangers_or_other_content()
    {
        Image image = _stores.Find("y:v1")!;
        string blob = Path.Combine(_theirs.Path, "blobs", "sha256", image.Program!.ToDescriptor().Digest.Hex);

        Link(blob);
        Assert.Equal(StoreFault.Untrusted, Assert.Throws<StoreException>(() => _stores.ReadProgram(image)).Fault);
        Unlink(blob);
        Ownership.Give(blob, Stranger);
        Assert.Equal(StoreFault.Untrusted, Assert.Throws<StoreException>(() => _stores.ReadProgram(image)).Fault);
        Ownership.Give(blob, User);
        Assert.Equal("only theirs", Encoding.UTF8.GetString(_stores.ReadProgram(image)));
        File.WriteAllText(blob, "ONLY THEIRS");
        Assert.Equal(StoreFault.DigestMismatch, Assert.Throws<StoreException>(() => _stores.ReadProgram(image)).Fault);
        File.Delete(blob);
        Ownership.MakePipe(blob);
        Ownership.Give(blob, User);
        Assert.Equal(StoreFault.NotAStore, Assert.Throws<StoreException>(() => _stores.ReadProgram(image)).Fault);
    }

    public void Dispose()
    {
        _home.Dispose();
        _root.Dispose();
    }

    private static void Mode(string path, string mode) => File.SetUnixFileMode(path, (UnixFileMode)Convert.ToInt32(mode, 8));

    private static void Link(string path)
    {
        Directory.Move(path, path + ".real");
        File.CreateSymbolicLink(path, path + ".real");
        Ownership.Give(path, User, below: false);
    }

    private static void Unlink(string path)
    {
        File.Delete(path);
        Directory.Move(path + ".real", path);
    }

    private static IEnumerable<string> Files(string path) =>
        Directory.EnumerateFileSystemEntries(path, "*", SearchOption.AllDirectories).Order().Select(f => $"{f} {File.GetLastWriteTimeUtc(f):O}");

    private string Program(string reference) => Encoding.UTF8.GetString(_stores.ReadProgram(_stores.Find(reference)!));

    private void Refused(Action spoil, Action mend, string why, int listed = 0)
    {
        spoil();
        IReadOnlyList<Image> images = _stores.List();
        Assert.Equal(listed, images.Count);
        if (listed == 0)
        {
            Assert.Equal(StoreFault.Untrusted, _stores.InvokingFault?.Fault);
            Assert.Contains(why, _stores.InvokingFault!.Message, StringComparison.Ordinal);
        }

        Assert.All(images, i => Assert.Contains(why, i.Problem, StringComparison.Ordinal));
        mend();
        Assert.Equal(2, _stores.List().Count(i => i.Problem is null));
    }
}
