using Bee.Oci.Formats;
using Bee.Oci.Store;
using Bee.Posix;

namespace Bee.Oci.Tests;

/// <summary>Tests that set environment variables of the process, so no other test runs at the same time.</summary>
[CollectionDefinition(nameof(EnvironmentTests), DisableParallelization = true)]
[Collection(nameof(EnvironmentTests))]
public sealed class EnvironmentTests : IDisposable
{
    private readonly Dictionary<string, string?> _before = [];
    private readonly StoreFolder _folder = new();

    [Fact]
    public void SOURCE_DATE_EPOCH_is_the_date_of_the_manifest()
    {
        Set("SOURCE_DATE_EPOCH", null);
        Image plain = _folder.Add("x:plain");
        Set("SOURCE_DATE_EPOCH", "1700000000");
        Image dated = _folder.Add("x:dated");
        Image again = _folder.Add("x:again");
        Image own = _folder.Store.Add(StoreFolder.Content() with { Created = DateTimeOffset.UnixEpoch }, ImageReference.Parse("x:own"));

        Assert.NotEqual(plain.Digest, dated.Digest);
        Assert.Equal(dated.Digest, again.Digest);
        Assert.Equal("2023-11-14T22:13:20Z", dated.Annotations[AnnotationKeys.Created]);
        Assert.Equal(new DateTime(2023, 11, 14, 22, 13, 20, DateTimeKind.Utc).ToLocalTime(), dated.Created);
        Assert.Equal("1970-01-01T00:00:00Z", own.Annotations[AnnotationKeys.Created]);
    }

    [Theory]
    [InlineData("yesterday")]
    [InlineData("-1")]
    [InlineData("99999999999999")]
    public void An_invalid_SOURCE_DATE_EPOCH_is_reported(string text)
    {
        Set("SOURCE_DATE_EPOCH", text);
        StoreException e = Assert.Throws<StoreException>(() => _folder.Add("x"));
        Assert.Equal(StoreFault.BadContent, e.Fault);
        Assert.Contains("SOURCE_DATE_EPOCH", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_store_is_where_the_variables_say()
    {
        Set("SUDO_UID", null);
        Set("BEE_STORE", "/a/store");
        Set("XDG_DATA_HOME", "/data");
        Set("HOME", "/home/someone");
        Assert.Equal("/a/store", ImageStore.DefaultPath);
        Set("BEE_STORE", "");
        Assert.Equal("/data/bee/store", ImageStore.DefaultPath);
        Set("XDG_DATA_HOME", "relative");
        Assert.Equal("/home/someone/.local/share/bee/store", ImageStore.DefaultPath);
        Set("XDG_DATA_HOME", null);
        Assert.Equal("/home/someone/.local/share/bee/store", ImageStore.DefaultPath);
    }

    [RootFact]
    public void Under_sudo_root_writes_to_its_own_store_and_reads_the_users()
    {
        // Every passwd file contains the user nobody, whose home does not exist.
        UserAccount nobody = UserAccount.Find(65534)!;
        Ownership.Give(_folder.Root, 65534);
        Set("BEE_STORE", null);
        Set("SUDO_UID", "65534");
        Set("XDG_DATA_HOME", Path.Combine(_folder.Root, "not", "there", "yet"));
        Set("HOME", _folder.Root);

        Assert.Equal(StorePaths.InHome(UserAccount.Find(0)!.Home), ImageStore.DefaultPath);
        var stores = new ImageStores();
        Assert.Equal(StorePaths.InHome(nobody.Home), stores.Invoking!.Path);
        Assert.True(stores.Invoking.IsReadOnly);
        Assert.Null(new ImageStores(_folder.Path).Invoking);

        // A variable that sudo preserved selects the user's store too, and root writes to its own.
        Set("BEE_STORE", _folder.Path);
        stores = new ImageStores();
        Assert.Equal(StorePaths.InHome(UserAccount.Find(0)!.Home), stores.Own.Path);
        Assert.Equal(_folder.Path, stores.Invoking!.Path);
        Assert.True(stores.Invoking.IsReadOnly);

        // A store that root owns is root's store.
        Ownership.Give(_folder.Root, 0);
        stores = new ImageStores();
        Assert.Equal(_folder.Path, stores.Own.Path);
        Assert.Equal(StorePaths.InHome(nobody.Home), stores.Invoking!.Path);
        Assert.Empty(stores.List());
        Assert.Null(stores.InvokingFault);

        foreach (string? none in new[] { null, "", "0", "x", "-5", "4294967294" })
        {
            Set("SUDO_UID", none);
            Assert.Null(new ImageStores().Invoking);
        }
    }

    public void Dispose()
    {
        foreach ((string name, string? value) in _before)
        {
            Environment.SetEnvironmentVariable(name, value);
        }

        _folder.Dispose();
    }

    private void Set(string name, string? value)
    {
        _before.TryAdd(name, Environment.GetEnvironmentVariable(name));
        Environment.SetEnvironmentVariable(name, value);
    }
}
