using Bee.Containers.Runtimes;

namespace Bee.Containers.Tests;

public sealed class RuntimeFolderTests : IDisposable
{
    private readonly TemporaryState _state = new();

    public void Dispose() => _state.Dispose();

    private RuntimeFolder Folder(uint user = 0) => new(_state.Path, user);

    [RootFact]
    public void Read_file_that_other_users_can_write_returns_null()
    {
        string file = _state.Write("id/state.json", "{}");
        Assert.NotNull(Folder().Read("id/state.json"));
        File.SetUnixFileMode(file, File.GetUnixFileMode(file) | UnixFileMode.OtherWrite);
        Assert.Null(Folder().Read("id/state.json"));
    }

    [RootFact]
    public void Read_file_in_a_folder_that_other_users_can_write_returns_null()
    {
        _state.Write("id/state.json", "{}");
        File.SetUnixFileMode(_state.In("id"), File.GetUnixFileMode(_state.In("id")) | UnixFileMode.OtherWrite);
        Assert.Null(Folder().Read("id/state.json"));
        Assert.Empty(Folder().Names("id"));
    }

    [RootFact]
    public void Read_file_of_a_user_is_trusted_only_for_that_users_runtime()
    {
        _state.Write("id/state.json", "{}");
        _state.Give(TemporaryState.Bob);
        Assert.Null(Folder().Read("id/state.json"));
        Assert.Null(Folder(TemporaryState.Bob + 1).Read("id/state.json"));
        Assert.NotNull(Folder(TemporaryState.Bob).Read("id/state.json"));
    }

    [RootFact]
    public void Read_link_of_another_user_to_a_file_of_root_returns_null()
    {
        _state.Write("mine/state.json", "{}");
        Directory.CreateSymbolicLink(_state.In("link"), "mine");
        Assert.NotNull(Folder().Read("link/state.json"));
        TemporaryState.Give(_state.In("link"), TemporaryState.Bob);
        Assert.Null(Folder().Read("link/state.json"));
    }

    [RootFact]
    public void Read_what_is_not_a_regular_file_or_too_large_returns_null()
    {
        _state.MakePipe("pipe");
        Directory.CreateDirectory(_state.In("folder"));
        _state.Write("large", new string(' ', 1001));
        Assert.Null(Folder().Read("pipe"));
        Assert.Null(Folder().Read("folder"));
        Assert.Null(Folder().Read("missing"));
        Assert.Null(Folder().Read("large/below"));
        Assert.Null(Folder().Read("large", 1000));
        Assert.Equal(1001, Folder().Read("large", 1001)?.Length);
    }

    [RootFact]
    public void ReadJson_half_written_file_returns_null()
    {
        _state.Write("half", "{\"id\":");
        _state.Write("deep", new string('[', 100_000));
        Assert.Null(Folder().ReadJson("half"));
        Assert.Null(Folder().ReadJson("deep"));
    }

    [RootFact]
    public void ReadProcessId_reads_digits_only()
    {
        foreach ((string text, int expected) in new[] { ("17262", 17262), ("17262\n", 17262), ("-1", 0), ("99999999999", 0), ("", 0), ("1 2", 0), (new string('1', 100), 0) })
        {
            _state.Write("pid", text);
            Assert.Equal(expected, Folder().ReadProcessId("pid"));
        }
    }

    [Theory]
    [InlineData("", false)]
    [InlineData(".", false)]
    [InlineData("..", false)]
    [InlineData("../etc", false)]
    [InlineData("a/b", false)]
    [InlineData("a\0", false)]
    [InlineData("web", true)]
    [InlineData("..web", true)]
    public void IsName_refuses_what_leaves_the_folder(string name, bool expected) => Assert.Equal(expected, RuntimeFolder.IsName(name));

    [Fact]
    public void ContainerText_limits_length_and_replaces_control_characters()
    {
        Assert.Null(ContainerText.Name(null));
        Assert.Null(ContainerText.Name(""));
        Assert.Equal("web-1.a_b", ContainerText.Name("web-1.a_b"));
        Assert.Equal("a\uFFFD[31mb\uFFFD", ContainerText.Name("a\u001b[31mb\u202e"));
        Assert.Equal(ContainerText.LongestName, ContainerText.Name(new string('x', 10_000))!.Length);
        Assert.Equal("…", ContainerText.Name(new string('x', 10_000))![^1..]);

        // Half a surrogate pair would not be valid UTF-8.
        _ = new System.Text.UTF8Encoding(false, throwOnInvalidBytes: true).GetBytes(ContainerText.Name(string.Concat(Enumerable.Repeat("x\U0001F41D", 5000)))!);
    }
}
