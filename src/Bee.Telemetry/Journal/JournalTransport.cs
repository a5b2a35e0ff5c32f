using System.Net.Sockets;
using System.Runtime.InteropServices;
using Bee.Posix;
using Bee.Telemetry.Logs;
using Microsoft.Win32.SafeHandles;

namespace Bee.Telemetry.Journal;

/// <summary>Sends log records to a journal of systemd, each as one entry. An entry that is too large for a datagram goes as a sealed file in memory.</summary>
internal sealed class JournalTransport : ILogTransport
{
    /// <summary>The socket of the system's journal.</summary>
    public const string DefaultSocket = "/run/systemd/journal/socket";

    // A journal that does not read fills the queue of its socket; then a send waits.
    private const int SendTimeout = 200, SendBuffer = 1 << 20;

    private readonly string _path;
    private Socket? _socket;

    /// <summary>Creates the transport, and connects.</summary>
    /// <param name="path">The journal's socket.</param>
    /// <exception cref="LogException">No journal listens there.</exception>
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
                "Check that systemd-journald runs; in a container, mount the folder of its socket, and of a journal with a namespace give its socket's path.",
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
                return Task.FromResult(new SendResult(i, refused, null, "The time was over."));
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
                // journald was restarted, or is gone.
                _socket?.Dispose();
                _socket = null;
                return Task.FromResult(new SendResult(i, refused, null, $"The journal at {_path} does not take entries: {fault.Message}"));
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

    // .NET's messages are misleading: "Cannot assign requested address" for a path that does not exist.
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

/// <summary>A file in memory that cannot change any more, to be handed to another process.</summary>
internal static class SealedMemory
{
    /// <summary>Creates a file with a content, and seals it.</summary>
    /// <exception cref="IOException">The kernel has no memory for it.</exception>
    public static SafeFileHandle Create(string name, ReadOnlySpan<byte> content)
    {
        int fd = Libc.memfd_create(name, Libc.MFD_CLOEXEC | Libc.MFD_ALLOW_SEALING);
        if (fd < 0)
        {
            throw Fault("A file in memory cannot be made");
        }

        var file = new SafeFileHandle(fd, ownsHandle: true);
        try
        {
            RandomAccess.Write(file, content, 0);
            return Libc.fcntl(fd, Libc.F_ADD_SEALS, Libc.F_SEAL_SEAL | Libc.F_SEAL_SHRINK | Libc.F_SEAL_GROW | Libc.F_SEAL_WRITE) == 0 ? file : throw Fault("A file in memory cannot be sealed");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Sends a datagram without data that carries a file.</summary>
    /// <exception cref="SocketException">The receiver does not take it.</exception>
    public static unsafe void Send(Socket socket, SafeFileHandle file)
    {
        var control = new Libc.FdMessage { Length = (nuint)sizeof(Libc.FdMessage) - sizeof(int), Level = Libc.SOL_SOCKET, Type = Libc.SCM_RIGHTS, Fd = (int)file.DangerousGetHandle() };
        var message = new Libc.MessageHeader { Control = &control, ControlLength = (nuint)sizeof(Libc.FdMessage) };
        while (Libc.sendmsg((int)socket.Handle, &message, Libc.MSG_NOSIGNAL) < 0)
        {
            int error = Marshal.GetLastPInvokeError();
            if (error != Libc.EINTR)
            {
                // EAGAIN and ENOBUFS come when the receiver's queue is full; the rest means that it is gone.
                throw new SocketException((int)(error is Libc.EAGAIN or Libc.ENOBUFS ? SocketError.WouldBlock : SocketError.ConnectionReset), Libc.Describe(error));
            }
        }
    }

    private static IOException Fault(string what) => new($"{what}: {Libc.Describe(Marshal.GetLastPInvokeError())}.");
}
