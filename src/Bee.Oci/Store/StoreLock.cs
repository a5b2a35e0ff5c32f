using System.Diagnostics;
using System.Runtime.InteropServices;
using Bee.Oci.Native;
using Microsoft.Win32.SafeHandles;

namespace Bee.Oci.Store;

/// <summary>
/// The lock that whoever changes the index or the set of blobs holds. The kernel ties it to the open file, so a killed process frees
/// it. Readers do without.
/// </summary>
internal sealed class StoreLock : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly SafeFileHandle _file;

    private StoreLock(SafeFileHandle file) => _file = file;

    /// <summary>Takes the lock, waiting a minute at most.</summary>
    /// <exception cref="StoreException"><see cref="StoreFault.Busy"/>, or the file cannot be opened.</exception>
    /// <exception cref="OperationCanceledException">The wait was ended.</exception>
    public static StoreLock Take(string path, CancellationToken cancellation = default) =>
        Take(LibC.Open(path, LibC.ReadWrite | LibC.Create | LibC.NoFollow, mode: 0x180 /* 0600 */) ?? throw Fault.Last("open", path), path, s_patience, cancellation);

    /// <summary>The same with a directory that is there, where a file of its own would be in the way.</summary>
    /// <exception cref="StoreException"><see cref="StoreFault.Busy"/>, or the directory cannot be opened.</exception>
    public static StoreLock TakeDirectory(string path, TimeSpan patience) =>
        Take(LibC.Open(path, LibC.ReadOnly | LibC.Directory) ?? throw Fault.Last("open", path), path, patience, default);

    private static StoreLock Take(SafeFileHandle file, string path, TimeSpan patience, CancellationToken cancellation)
    {
        long started = Stopwatch.GetTimestamp();
        int pause = 1;
        while (LibC.Lock(file, LibC.LockExclusive | LibC.LockNonBlocking) != 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            if (errno is not (LibC.WouldBlock or LibC.Interrupted))
            {
                file.Dispose();
                throw Fault.From(errno, "lock", path);
            }

            if (Stopwatch.GetElapsedTime(started) > patience)
            {
                file.Dispose();
                throw new StoreException(StoreFault.Busy, $"Another process has held '{path}' for {patience.TotalSeconds:0} seconds; try again when it is done.");
            }

            if (cancellation.IsCancellationRequested)
            {
                file.Dispose();
                cancellation.ThrowIfCancellationRequested();
            }

            // Polled rather than waited for in the kernel, so that a store that is stuck ends in an error and not in a hang. The odd part
            // keeps waiters from stepping together.
            Thread.Sleep(pause + Random.Shared.Next(pause + 1));
            pause = Math.Min(pause * 2, 8);
        }

        return new StoreLock(file);
    }

    /// <summary>Frees the lock.</summary>
    public void Dispose() => _file.Dispose();
}
