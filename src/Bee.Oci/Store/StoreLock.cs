using System.Diagnostics;
using Bee.Oci.Formats;
using Bee.Posix;

namespace Bee.Oci.Store;

/// <summary>Takes the lock that is held to change the index or the set of blobs. Readers do without.</summary>
internal static class StoreLock
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    /// <summary>Takes the lock of a store, waiting a minute at most.</summary>
    /// <exception cref="StoreException"><see cref="StoreFault.Busy"/>.</exception>
    /// <exception cref="IOException">The lock file cannot be opened.</exception>
    /// <exception cref="OperationCanceledException">The wait was ended.</exception>
    public static FileLock Take(Folder folder, string name, CancellationToken cancellationToken)
    {
        string path = Path.Combine(folder.Path, name);
        return Take(() => FileLock.TryTake(folder.OpenOrCreateFile(name, Folder.OwnerFile), path), path, s_patience, cancellationToken);
    }

    /// <summary>Takes the lock of a folder itself, where a file of its own would be in the way.</summary>
    /// <exception cref="StoreException"><see cref="StoreFault.Busy"/>.</exception>
    public static FileLock Take(Folder folder, TimeSpan patience) => Take(() => FileLock.TryTake(folder), folder.Path, patience, default);

    private static FileLock Take(Func<FileLock?> tryTake, string path, TimeSpan patience, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        for (int pause = 1; ; pause = Math.Min(pause * 2, 8))
        {
            if (tryTake() is { } taken)
            {
                return taken;
            }

            if (Stopwatch.GetElapsedTime(started) > patience)
            {
                throw new StoreException(StoreFault.Busy, $"Another process has held '{path}' for {patience.TotalSeconds:0} seconds; try again when it is done.");
            }

            cancellationToken.ThrowIfCancellationRequested();

            // Polled rather than waited for in the kernel, so that a store that is stuck ends in an error and not in a hang. The odd part
            // keeps waiters from stepping together.
            Thread.Sleep(pause + Random.Shared.Next(pause + 1));
        }
    }
}
