using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Bee.Toolchain.Vmlinux;

namespace Bee.Toolchain.Tests;

/// <summary>vmlinux.h is part of what root compiles, loads and publishes, so it never comes from a folder that another user could have written.</summary>
[Collection(Alone.Name)]
[SupportedOSPlatform("linux")]
public sealed partial class ForeignCacheTests : IClassFixture<ForeignCacheTests.OwnCache>, IDisposable
{
    private const string Poison = "#define target_pid POISONED\n";
    private const uint Bob = 65534;

    private static readonly string[] s_variables = ["XDG_CACHE_HOME", "HOME", "SUDO_UID", "TMPDIR"];

    private readonly TemporaryFolder _folder = new();
    private readonly string?[] _before = [.. s_variables.Select(Environment.GetEnvironmentVariable)];
    private readonly string _bobs;
    private readonly string _below;

    private readonly OwnCache _own;

    public ForeignCacheTests(OwnCache own)
    {
        _own = own;
        _below = own.Below;
        Set("SUDO_UID", null);
        Set("HOME", own.Home);
        _bobs = Path.Combine(_folder.Path, "bobs");
        _folder.Write(Path.Combine("bobs", _below), Poison);
        _folder.Write(Path.Combine("bobs", ".cache", _below), Poison);
    }

    public void Dispose()
    {
        foreach ((string name, string? value) in s_variables.Zip(_before))
        {
            Set(name, value);
        }

        _folder.Dispose();
    }

    [RootCompileFact]
    public void Cache_of_another_user_is_not_read_and_not_written()
    {
        Give(_bobs);
        Set("XDG_CACHE_HOME", _bobs);
        AssertOwn(_own.Cache);
    }

    [RootCompileFact]
    public void Cache_in_a_folder_that_everyone_writes_is_not_read_if_another_user_made_it()
    {
        File.SetUnixFileMode(_bobs, (UnixFileMode)0x3ff);
        Give(Path.Combine(_bobs, "bee"));
        Set("XDG_CACHE_HOME", _bobs);
        AssertOwn(_own.Cache);
    }

    [RootCompileFact]
    public void Header_that_another_user_can_write_is_not_read()
    {
        File.SetUnixFileMode(Path.Combine(_bobs, _below), (UnixFileMode)0x1b6);
        Set("XDG_CACHE_HOME", _bobs);
        AssertOwn(_own.Cache);
    }

    [RootCompileFact]
    public void Link_of_another_user_on_the_way_is_not_followed()
    {
        string link = Path.Combine(_folder.Path, "link");
        File.CreateSymbolicLink(link, _bobs);
        Assert.Equal(0, ChangeOwner(link, Bob, Bob));
        Set("XDG_CACHE_HOME", link);
        AssertOwn(_own.Cache);
    }

    [RootCompileFact]
    public void Under_sudo_roots_own_cache_is_used_and_nothing_is_left_in_the_users_home()
    {
        Give(_bobs);
        Set("SUDO_UID", $"{Bob}");
        Set("XDG_CACHE_HOME", null);
        Set("HOME", _bobs);
        AssertOwn(Path.Combine(Bee.Posix.UserAccount.Find(0)!.Home, ".cache"));
        Set("XDG_CACHE_HOME", Path.Combine(_bobs, "new"));
        AssertOwn(Path.Combine(Bee.Posix.UserAccount.Find(0)!.Home, ".cache"));
    }

    [RootCompileFact]
    public void Object_is_compiled_in_no_folder_that_another_user_can_change()
    {
        string temporary = Path.Combine(_folder.Path, "temporary");
        Directory.CreateDirectory(temporary);
        Give(temporary);
        Set("TMPDIR", temporary);
        string made = Bee.Posix.PrivateFolder.Make("bee-");
        Directory.Delete(made);
        Assert.NotEqual(temporary, Path.GetDirectoryName(made));

        Set("TMPDIR", Path.Combine(_folder.Path, "gone"));
        made = Bee.Posix.PrivateFolder.Make("bee-");
        Assert.Equal((UnixFileMode)0x1c0, File.GetUnixFileMode(made));
        Directory.Delete(made);
    }

    private void AssertOwn(string cache)
    {
        string[] before = Entries();
        string path = VmlinuxHeader.GetOrCreate(null, out _);
        Assert.StartsWith(cache + "/", path, StringComparison.Ordinal);
        Assert.DoesNotContain(Poison, File.ReadAllText(path), StringComparison.Ordinal);
        Assert.Equal(before, Entries());
    }

    private string[] Entries() => [.. Directory.EnumerateFileSystemEntries(_bobs, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    private static void Set(string name, string? value) => Environment.SetEnvironmentVariable(name, value);

    private static void Give(string folder)
    {
        foreach (string path in Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories).Append(folder))
        {
            Assert.Equal(0, ChangeOwner(path, Bob, Bob));
        }
    }

    /// <summary>A home directory whose cache has the header of this kernel.</summary>
    public sealed class OwnCache : IDisposable
    {
        private readonly TemporaryFolder _folder = new();

        public OwnCache()
        {
            if (Requirements.Kernel is not null)
            {
                return;
            }

            string? before = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
            Set("XDG_CACHE_HOME", Cache);
            Below = Path.GetRelativePath(Cache, VmlinuxHeader.GetOrCreate(null, out _));
            Set("XDG_CACHE_HOME", before);
        }

        public string Home => _folder.Path;

        public string Cache => Path.Combine(Home, ".cache");

        /// <summary>The path of the header in a cache.</summary>
        public string Below { get; } = "none";

        public void Dispose() => _folder.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "lchown", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint user, uint group);
}
