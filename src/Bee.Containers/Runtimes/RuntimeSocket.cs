using System.Net.Sockets;
using Bee.Posix;

namespace Bee.Containers.Runtimes;

/// <summary>
/// A runtime's Unix socket. It is used only if it belongs to root or to the owner of the runtime and stands in a folder in which no other user can replace it. The group that may connect (such as
/// <c>docker</c>) does not matter.
/// </summary>
/// <param name="path">An absolute path. It need not exist.</param>
/// <param name="user">The owner of the runtime.</param>
internal sealed class RuntimeSocket(string path, uint user)
{
    /// <summary>The longest wait for an answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The longest answer about one container, in bytes.</summary>
    public int LongestAnswer { get; init; } = 4 << 20;

    /// <summary>The longest answer about all containers, in bytes.</summary>
    public int LongestList { get; init; } = 64 << 20;

    /// <summary>The path.</summary>
    public string Path => path;

    /// <summary>The owner of the runtime.</summary>
    public uint User => user;

    /// <summary>Returns a handler for HTTP whose connections lead to the socket. It follows no redirection and uses no proxy.</summary>
    public SocketsHttpHandler Handler() => new()
    {
        ConnectCallback = async (_, cancellationToken) => await ConnectAsync(cancellationToken).ConfigureAwait(false),
        ConnectTimeout = Timeout,
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        MaxResponseHeadersLength = 64,
        MaxConnectionsPerServer = 2,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
    };

    /// <summary>Returns a token that is canceled after <see cref="Timeout"/>, or with another one.</summary>
    /// <param name="cancellationToken">The other token.</param>
    public CancellationTokenSource Limit(CancellationToken cancellationToken)
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Timeout);
        return limit;
    }

    private async Task<Stream> ConnectAsync(CancellationToken cancellationToken)
    {
        if (!IsTrusted())
        {
            throw new IOException($"'{path}' is not a socket that only root or its owner can replace.");
        }

        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private bool IsTrusted() => FileStatus.Of(path, followLink: true) is { IsSocket: true } status && (status.User == 0 || status.User == user)
        && System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path)) is { } folder && new PathGuard([user]).Accepts(folder);
}
