using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Bee.Posix;

/// <summary>
/// An exclusive lock on a file or folder (flock(2)). The kernel ties it to the open file, and releases it when the process ends.
/// </summary>
/// <remarks>
/// A child process between fork and exec shares the open file. So the lock is released with <c>LOCK_UN</c>, which affects all processes that share it;
/// after close alone, the child would keep it. POSIX locks are not inherited, but they do not exclude threads of one process, and closing any fd of the file releases them.
/// </remarks>
internal sealed class FileLock : IDisposable
{
    private readonly SafeFileHandle _file;

    private FileLock(SafeFileHandle file) => _file = file;

    /// <summary>Takes the lock if it is free. The lock then owns the handle. If the lock is not free, the handle is closed.</summary>
    /// <param name="file">An open file.</param>
    /// <param name="path">The path of the file, for messages.</param>
    /// <returns>The lock; null if another open file holds it.</returns>
    /// <exception cref="IOException">The file system does not support locks.</exception>
    public static FileLock? TryTake(SafeFileHandle file, string path)
    {
        bool isTaken = false;
        try
        {
            isTaken = TryLock(file, path);
            return isTaken ? new FileLock(file) : null;
        }
        finally
        {
            if (!isTaken)
            {
                file.Dispose();
            }
        }
    }

    /// <summary>Takes the lock on a folder if it is free.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>The lock; null if another open file holds it.</returns>
    public static FileLock? TryTake(Folder folder) => TryTake(folder.Reopen(), folder.Path);

    /// <summary>Polls for a lock. Waiting in the kernel for a stuck process would hang instead of failing.</summary>
    /// <param name="tryTake">Takes the lock if it is free.</param>
    /// <param name="patience">The longest time to wait.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The lock; null if it was not free in time.</returns>
    public static FileLock? Wait(Func<FileLock?> tryTake, TimeSpan patience, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tryTake);
        long started = Stopwatch.GetTimestamp();
        for (int pause = 1; ; pause = Math.Min(pause * 2, 8))
        {
            if (tryTake() is { } taken)
            {
                return taken;
            }

            if (Stopwatch.GetElapsedTime(started) > patience)
            {
                return null;
            }

            cancellationToken.ThrowIfCancellationRequested();

            // The random part keeps waiting processes out of step.
            Thread.Sleep(pause + Random.Shared.Next(pause + 1));
        }
    }

    /// <summary>Locks an open file, which stays the caller's. Returns false if another open file holds the lock.</summary>
    /// <exception cref="IOException">The file system does not support locks.</exception>
    public static bool TryLock(SafeFileHandle file, string path)
    {
        while (Libc.flock(file, Libc.LOCK_EX | Libc.LOCK_NB) != 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            if (errno == Libc.EAGAIN)
            {
                return false;
            }

            if (errno != Libc.EINTR)
            {
                throw PosixException.From(errno, "lock", path);
            }
        }

        return true;
    }

    /// <summary>Releases a lock that <see cref="TryLock"/> took, also for child processes that share the open file.</summary>
    public static void Unlock(SafeFileHandle file) => _ = Libc.flock(file, Libc.LOCK_UN);

    /// <summary>Releases the lock.</summary>
    public void Dispose()
    {
        if (!_file.IsClosed)
        {
            Unlock(_file);
            _file.Dispose();
        }
    }
}
