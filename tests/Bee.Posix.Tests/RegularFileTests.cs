using System.Net.Sockets;
using System.Text;

namespace Bee.Posix.Tests;

/// <summary>Regular files are read; other files are refused without blocking.</summary>
public sealed class RegularFileTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ReadAllBytes_regular_file_or_link_to_one_returns_content()
    {
        string path = _folder.File("a");
        File.CreateSymbolicLink(_folder.In("link"), path);

        Assert.Equal("content"u8, RegularFile.ReadAllBytes(path));
        Assert.Equal("content"u8, RegularFile.ReadAllBytes(_folder.In("link")));
        Assert.Equal("content", RegularFile.ReadAllText(path));
    }

    [Fact]
    public void ReadAllBytes_file_of_proc_without_a_length_returns_all()
    {
        Assert.Equal(Environment.ProcessId, int.Parse(RegularFile.ReadAllText("/proc/self/stat").Split(' ')[0]));
    }

    [InstanceFact]
    public void ReadAllBytes_file_that_waits_for_data_fails_at_once()
    {
        // The trace file of the test's own tracefs instance: regular by its mode, but not seekable, and empty.
        string instance = Path.Combine(InstanceFactAttribute.Instances, $"bee-test-{Environment.ProcessId}");
        Directory.CreateDirectory(instance);
        try
        {
            Assert.Throws<PosixException>(() => RegularFile.ReadAllBytes(Path.Combine(instance, "trace_pipe")));
            Assert.StartsWith("# tracer: nop", RegularFile.ReadAllText(Path.Combine(instance, "trace")), StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(instance);
        }
    }

    [Theory]
    [InlineData("pipe", "a named pipe")]
    [InlineData("socket", "a socket")]
    [InlineData("folder", "a folder")]
    [InlineData("/dev/zero", "a character device")]
    [InlineData("link", "a named pipe")]
    public void Open_other_kind_is_refused_at_once(string name, string kind)
    {
        _folder.Pipe("pipe");
        Directory.CreateDirectory(_folder.In("folder"));
        File.CreateSymbolicLink(_folder.In("link"), _folder.In("pipe"));
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(_folder.In("socket")));

        var error = Assert.Throws<NotRegularFileException>(() => RegularFile.ReadAllBytes(_folder.In(name)));
        Assert.Contains($"is {kind}, not a regular file", error.Message, StringComparison.Ordinal);
        Assert.False(RegularFile.Exists(_folder.In(name)));
    }

    [Fact]
    public void ReadAllBytes_missing_file_throws_FileNotFound()
    {
        Assert.Contains(_folder.In("none"), Assert.Throws<FileNotFoundException>(() => RegularFile.ReadAllBytes(_folder.In("none"))).Message, StringComparison.Ordinal);
        Assert.Null(RegularFile.OpenIfExists(_folder.In("none")));
        Assert.Null(RegularFile.OpenIfExists(Path.Combine(_folder.File("a"), "below")));
    }

    [Fact]
    public void ReadAllBytes_larger_than_limit_is_refused()
    {
        string path = _folder.File("a", new string('x', 5000));
        Assert.Equal(5000, RegularFile.ReadAllBytes(path, 5000).Length);
        Assert.Throws<IOException>(() => RegularFile.ReadAllBytes(path, 4999));
        using FileStream sparse = File.OpenWrite(path);
        sparse.SetLength(1L << 40);
        Assert.Throws<IOException>(() => RegularFile.ReadAllBytes(path));
    }

    [Fact]
    public void Open_while_another_open_file_holds_an_exclusive_lock_succeeds()
    {
        string path = _folder.File("a");
        using FileStream locked = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.Throws<IOException>(() => File.ReadAllBytes(path));
        Assert.Equal("content", Encoding.UTF8.GetString(RegularFile.ReadAllBytes(path)));
    }
}
