namespace Bee.Posix.Tests;

/// <summary>Operations in a folder cannot leave it.</summary>
public sealed class FolderTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Names_in_an_open_folder_that_are_links_are_not_followed()
    {
        _folder.File("outside/a");
        Directory.CreateDirectory(_folder.In("in"));
        Directory.CreateSymbolicLink(_folder.In("in/folder"), _folder.In("outside"));
        File.CreateSymbolicLink(_folder.In("in/file"), _folder.In("outside/a"));
        using Folder folder = Folder.OpenForOwner(_folder.In("in"))!;

        Assert.Equal(UntrustedReason.Link, Assert.Throws<UntrustedPathException>(() => folder.OpenFolder("folder")).Reason);
        Assert.Throws<UntrustedPathException>(() => folder.MakeFolder("folder", Folder.OwnerFolder));
        Assert.Throws<UntrustedPathException>(() => folder.OpenFile("file", out _));
        Assert.Throws<UntrustedPathException>(() => folder.OpenOrCreateFile("file", Folder.OwnerFile));
        Assert.Throws<PosixException>(() => folder.CreateFile("file", Folder.OwnerFile));
        Assert.True(folder.StatusOf("file") is { IsLink: true });
        Assert.Equal(["file", "folder"], folder.Names().Order());
        Assert.True(folder.Delete("file"));
        Assert.Equal("content", File.ReadAllText(_folder.In("outside/a")));
    }

    [Fact]
    public void Folder_replaced_by_a_link_while_it_is_open_stays_the_one_that_was_opened()
    {
        Directory.CreateDirectory(_folder.In("in"));
        Directory.CreateDirectory(_folder.In("outside"));
        using Folder folder = Folder.OpenForOwner(_folder.In("in"))!;
        Directory.Move(_folder.In("in"), _folder.In("moved"));
        Directory.CreateSymbolicLink(_folder.In("in"), _folder.In("outside"));

        folder.CreateFile("a", Folder.OwnerFile).Dispose();
        Assert.Equal(["a"], folder.Names());
        Assert.True(File.Exists(_folder.In("moved/a")));
        Assert.Empty(Directory.GetFiles(_folder.In("outside")));
    }

    [RootFact]
    public void OpenForOwner_link_of_another_user_is_refused_and_own_is_followed()
    {
        Directory.CreateDirectory(_folder.In("real"));
        Directory.CreateSymbolicLink(_folder.In("link"), "real");
        Folder.OpenForOwner(_folder.In("link"))!.Dispose();
        _folder.Give("link", TestFolder.Bob);
        Assert.Equal(UntrustedReason.Owner, Assert.Throws<UntrustedPathException>(() => Folder.OpenForOwner(_folder.In("link"))).Reason);
        Folder.Open(_folder.In("link"))!.Dispose();
    }

    [RootFact]
    public void Root_creating_files_and_folders_on_behalf_of_an_owner_makes_him_their_owner()
    {
        Directory.CreateDirectory(_folder.In("bobs"));
        _folder.Give("bobs", TestFolder.Bob);
        using var folder = Folder.MakeForOwner(_folder.In("bobs/new/deep"), Folder.OwnerFolder);
        folder.CreateFile("a", Folder.OwnerFile).Dispose();
        folder.OpenOrCreateFile("lock", Folder.OwnerFile).Dispose();
        folder.MakeFolder("below", Folder.OwnerFolder).Dispose();

        Assert.All(
            new[] { "bobs/new", "bobs/new/deep", "bobs/new/deep/a", "bobs/new/deep/lock", "bobs/new/deep/below" },
            name => Assert.Equal(TestFolder.Bob, FileStatus.Of(_folder.In(name))!.Value.User));
    }

    [Fact]
    public void RenameIfFree_name_that_is_taken_keeps_both()
    {
        _folder.File("a", "new");
        _folder.File("b", "old");
        using Folder folder = Folder.Open(_folder.Path)!;
        Assert.False(folder.RenameIfFree("a", "b"));
        Assert.Equal("old", File.ReadAllText(_folder.In("b")));
        Assert.True(folder.RenameIfFree("a", "c"));
        Assert.Equal(["b", "c"], folder.Names().Order());
    }

    [Fact]
    public void OpenFile_pipe_or_folder_is_refused()
    {
        _folder.Pipe("pipe");
        Directory.CreateDirectory(_folder.In("folder"));
        using Folder folder = Folder.Open(_folder.Path)!;
        Assert.Throws<NotRegularFileException>(() => folder.OpenFile("pipe", out _));
        Assert.Throws<NotRegularFileException>(() => folder.OpenFile("folder", out _));
        Assert.Throws<NotRegularFileException>(() => folder.OpenOrCreateFile("pipe", Folder.OwnerFile));
        Assert.Null(folder.OpenFile("none", out _));
        Assert.Null(folder.OpenFolder("none"));
    }
}
