using System.Net.Sockets;
using System.Runtime.InteropServices;
using Bee.Posix;
using Bee.Telemetry.Logs;
using Microsoft.Win32.SafeHandles;

namespace Bee.Telemetry.Journal;

/// <summary>Sends each log record to a systemd journal as one entry. Entries too large for a datagram are sent as a sealed memory file.</summary>
internal sealed class JournalTransport : ILogTransport
{
    /// <summary>The socket of the system's journal.</summary>
    public const string DefaultSocket = "/run/systemd/journal/socket";

    // If the journal does not read, the queue of its socket fills up, and sending blocks.
    private const int SendTimeout = 200, SendBuffer = 1 << 20;

    private readonly string _path;
    private Socket? _socket;

    /// <summary>Creates the transport and connects.</summary>
    /// <param name="path">The path of the journal's socket.</param>
    /// <exception cref="LogException">No journal listens on the socket.</exception>
    public JournalTransport(string path = DefaultSocket)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        _path = path;
        try
        {
            _socket = Connect();
        }
        catch (Exception fault) when (fault is SocketException or ArgumentException)
        {
            throw new LogException(
                LogFault.NoJournal,
                $"The journal's socket {path} cannot be used: {Reason(path, fault)}.",
                "Check that systemd-journald runs; in a container, mount the folder of its socket; for a journal namespace, give the path of its socket.",
                fault);
        }
    }

    /// <inheritdoc/>
    public string Destination => $"the journal at {_path}";

    /// <inheritdoc/>
    public Task<SendResult> SendAsync(IReadOnlyList<LogRecord> batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        int refused = 0;
        string? reason = null;
        for (int i = 0; i < batch.Count; i++)
        {
            if (cancellationToken.IsCancellationRequested)
            {
                return Task.FromResult(new SendResult(i, refused, null, "The time limit passed."));
            }

            ReadOnlyMemory<byte> entry = JournalEntry.Encode(batch[i]);
            try
            {
                Send(_socket ??= Connect(), entry.Span);
            }
            catch (SocketException fault) when (fault.SocketErrorCode is SocketError.WouldBlock or SocketError.TimedOut or SocketError.NoBufferSpaceAvailable)
            {
                return Task.FromResult(new SendResult(i, refused, null, $"The journal at {_path} does not read: {fault.Message}"));
            }
            catch (SocketException fault)
            {
                // journald was restarted or has stopped.
                _socket?.Dispose();
                _socket = null;
                return Task.FromResult(new SendResult(i, refused, null, $"The journal at {_path} does not accept entries: {fault.Message}"));
            }
            catch (IOException fault)
            {
                refused++;
                reason = fault.Message;
            }
        }

        return Task.FromResult(new SendResult(batch.Count, refused, null, reason));
    }

    /// <inheritdoc/>
    public void Dispose() => _socket?.Dispose();

    private Socket Connect()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        try
        {
            socket.SendTimeout = SendTimeout;
            socket.SendBufferSize = SendBuffer;
            socket.Connect(new UnixDomainSocketEndPoint(_path));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // The messages of .NET are misleading: "Cannot assign requested address" for a path that does not exist.
    private static string Reason(string path, Exception fault) => (FileStatus.Of(path), (fault as SocketException)?.SocketErrorCode) switch
    {
        (null, not (null or SocketError.AccessDenied)) => "it does not exist",
        ({ IsSocket: false } other, _) => $"it is {other.Kind}, not a socket",
        (_, SocketError.ConnectionRefused) => "nothing listens on it",
        _ => fault.Message.TrimEnd('.'),
    };

    private static void Send(Socket socket, ReadOnlySpan<byte> entry)
    {
        try
        {
            socket.Send(entry);
        }
        catch (SocketException fault) when (fault.SocketErrorCode is SocketError.MessageSize)
        {
            using SafeFileHandle file = SealedMemory.Create("bee-log", entry);
            SealedMemory.Send(socket, file);
        }
    }
}

/// <summary>Creates and sends immutable memory files (memfd_create(2)).</summary>
internal static class SealedMemory
{
    /// <summary>Creates a memory file with a content and seals it.</summary>
    /// <exception cref="IOException">The kernel is out of memory.</exception>
    public static SafeFileHandle Create(string name, ReadOnlySpan<byte> content)
    {
        int fd = Libc.memfd_create(name, Libc.MFD_CLOEXEC | Libc.MFD_ALLOW_SEALING);
        if (fd < 0)
        {
            throw Fault("A memory file cannot be created");
        }

        var file = new SafeFileHandle(fd, ownsHandle: true);
        try
        {
            RandomAccess.Write(file, content, 0);
            return Libc.fcntl(fd, Libc.F_ADD_SEALS, Libc.F_SEAL_SEAL | Libc.F_SEAL_SHRINK | Libc.F_SEAL_GROW | Libc.F_SEAL_WRITE) == 0 ? file : throw Fault("A memory file cannot be sealed");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Sends an empty datagram that carries the fd of a file.</summary>
    /// <exception cref="SocketException">The receiver does not accept the datagram.</exception>
    public static unsafe void Send(Socket socket, SafeFileHandle file)
    {
        var control = new Libc.FdMessage { Length = (nuint)sizeof(Libc.FdMessage) - sizeof(int), Level = Libc.SOL_SOCKET, Type = Libc.SCM_RIGHTS, Fd = (int)file.DangerousGetHandle() };
        var message = new Libc.MessageHeader { Control = &control, ControlLength = (nuint)sizeof(Libc.FdMessage) };
        while (Libc.sendmsg((int)socket.Handle, &message, Libc.MSG_NOSIGNAL) < 0)
        {
            int error = Marshal.GetLastPInvokeError();
            if (error != Libc.EINTR)
            {
                // EAGAIN and ENOBUFS mean that the receiver's queue is full. Other errors mean that the receiver is gone.
                throw new SocketException((int)(error is Libc.EAGAIN or Libc.ENOBUFS ? SocketError.WouldBlock : SocketError.ConnectionReset), Libc.Describe(error));
            }
        }
    }

    private static IOException Fault(string what) => new($"{what}: {Libc.Describe(Marshal.GetLastPInvokeError())}.");
}
