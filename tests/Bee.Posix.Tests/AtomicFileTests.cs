using System.Net.Sockets;

namespace Bee.Posix.Tests;

/// <summary>Files are replaced atomically.</summary>
public sealed class AtomicFileTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Write_existing_or_missing_file_is_replaced_and_the_folder_made()
    {
        string path = Path.Combine(_folder.Path, "deep", "er", "file");

        AtomicFile.Write(path, "one"u8);
        AtomicFile.Write(path, "two"u8);

        Assert.Equal("two", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(Path.GetDirectoryName(path)!));
    }

    [Fact]
    public void Write_that_fails_leaves_the_old_content_and_nothing_else()
    {
        string path = Path.Combine(_folder.Path, "file");
        AtomicFile.Write(path, "one"u8);

        Assert.Throws<InvalidDataException>(() => AtomicFile.Write(path, file =>
        {
            file.WriteByte(1);
            throw new InvalidDataException();
        }));

        Assert.Equal("one", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Write_to_a_socket_or_a_link_to_one_is_refused()
    {
        string path = Path.Combine(_folder.Path, "socket");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        string link = Path.Combine(_folder.Path, "link");
        File.CreateSymbolicLink(link, path);

        Assert.Contains("not a regular file", Assert.Throws<IOException>(() => AtomicFile.Write(path, "one"u8)).Message, StringComparison.Ordinal);
        Assert.Throws<IOException>(() => AtomicFile.Write(link, "one"u8));
        // Only root could replace this one, since other users cannot write to /dev.
        Assert.True(RegularFile.IsSpecial("/dev/null"));
        Assert.False(RegularFile.IsSpecial(_folder.Path));
        Assert.False(RegularFile.IsSpecial(Path.Combine(_folder.Path, "nothing")));

        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Listen();
        client.Connect(new UnixDomainSocketEndPoint(path));
    }
}
