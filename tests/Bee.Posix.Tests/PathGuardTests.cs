namespace Bee.Posix.Tests;

/// <summary>Only files that no user except root and this one could have written are trusted.</summary>
public sealed class PathGuardTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void OpenFile_own_file_in_sticky_folder_is_opened()
    {
        string path = _folder.File("open/a");
        _folder.Mode("open", "1777");
        using var file = PathGuard.Own.OpenFile(path);
        Assert.Equal("content"u8, RegularFile.ReadAllBytes(file!, path, 100));
        Assert.Null(PathGuard.Own.OpenFile(_folder.In("open/none")));
        Assert.Null(PathGuard.Own.OpenFile(_folder.In("open/a/below")));
    }

    [Fact]
    public void OpenFile_own_links_are_followed()
    {
        _folder.File("real/a");
        Directory.CreateSymbolicLink(_folder.In("way"), "real");
        File.CreateSymbolicLink(_folder.In("real/b"), "../way/a");
        using var file = PathGuard.Own.OpenFile(_folder.In("way/b"));
        Assert.NotNull(file);
        File.CreateSymbolicLink(_folder.In("circle"), _folder.In("circle"));
        Assert.Throws<PosixException>(() => PathGuard.Own.OpenFile(_folder.In("circle")));
    }

    [Theory]
    [InlineData("way/a", "646", "a")]
    [InlineData("way", "757", "way")]
    [InlineData("way", "777", "way")]
    public void OpenFile_writable_by_others_is_refused(string spoilt, string mode, string place)
    {
        string path = _folder.File("way/a");
        _folder.Mode(spoilt, mode);
        var error = Assert.Throws<UntrustedPathException>(() => PathGuard.Own.OpenFile(path));
        Assert.Equal(UntrustedReason.Writable, error.Reason);
        Assert.Equal(place, Path.GetFileName(error.Place));
        Assert.False(PathGuard.Own.Accepts(path));
    }

    [Fact]
    public void OpenFile_with_an_access_list_that_lets_another_user_write_is_refused()
    {
        string path = _folder.File("way/a");
        _folder.Mode("way/a", "660");
        Assert.NotNull(new PathGuard([UserAccount.EffectiveUser], _ => true).OpenFile(path));
        _folder.LetBobWrite("way/a");
        Assert.Equal(UntrustedReason.Writable, Assert.Throws<UntrustedPathException>(() => PathGuard.Own.OpenFile(path)).Reason);
        Assert.Throws<UntrustedPathException>(() => new PathGuard([UserAccount.EffectiveUser], _ => true).OpenFile(path));
    }

    [RootFact]
    public void OpenFile_of_another_user_is_refused_wherever_he_owns_the_way()
    {
        string path = _folder.File("way/in/a");
        File.CreateSymbolicLink(_folder.In("link"), path);
        foreach (string spoilt in new[] { "way/in/a", "way/in", "way" })
        {
            _folder.Give(spoilt, TestFolder.Bob);
            Assert.Equal(_folder.In(spoilt), Assert.Throws<UntrustedPathException>(() => PathGuard.Own.OpenFile(path)).Place);
            Assert.False(PathGuard.Own.Accepts(Path.Combine(_folder.In(spoilt), "not", "there")));
            Assert.NotNull(new PathGuard([TestFolder.Bob]).OpenFile(path));
            _folder.Give(spoilt, 0);
        }

        Assert.True(PathGuard.Own.Accepts(path));
        Assert.True(PathGuard.Own.Accepts(_folder.In("link")));
        _folder.Give("link", TestFolder.Bob);
        Assert.False(PathGuard.Own.Accepts(_folder.In("link")));
    }

    [Theory]
    [InlineData("root:x:0:0:root:/root:/bin/sh", 0u, "/root")]
    [InlineData("broken\n#c\n::::::\nme:x:1000:1000:Me,,,:/home/me:/bin/sh\nyou:x:1000:1:You:/other:/bin/sh", 1000u, "/home/me")]
    [InlineData("me:x:1000:x:Me:/home/me:/bin/sh", 1000u, null)]
    [InlineData("me:x:1000:1000:Me::/bin/sh", 1000u, null)]
    [InlineData("", 5u, null)]
    public void UserAccount_Find_lines_of_passwd_returns_home(string lines, uint user, string? home) =>
        Assert.Equal(home, UserAccount.Find(user, lines.Split('\n'))?.Home);
}
