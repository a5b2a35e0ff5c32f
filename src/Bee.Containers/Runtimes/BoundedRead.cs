using System.Collections.Concurrent;

namespace Bee.Containers.Runtimes;

/// <summary>
/// Reads files that may be on a file system that hangs, such as NFS or FUSE in the home of a user. The caller waits for a limited time, while another thread reads. Thread-safe.
/// </summary>
/// <remarks>
/// The kernel does not return from such a read, and a thread cannot be canceled. So a folder in which a read hangs is left alone in this process until the read returns: it costs one thread, or a few
/// if several reads began at the same time.
/// </remarks>
internal static class BoundedRead
{
    /// <summary>The longest wait.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    private static readonly ConcurrentDictionary<string, bool> s_hanging = new(StringComparer.Ordinal);

    /// <summary>Reads.</summary>
    /// <param name="folder">The folder that the files are in.</param>
    /// <param name="read">Reads the files, and returns what the caller needs.</param>
    /// <param name="otherwise">The result if the read hangs.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    public static T Run<T>(string folder, Func<T> read, T otherwise, CancellationToken cancellationToken = default) => RunAll([(folder, read)], otherwise, cancellationToken)[0];

    /// <summary>Reads in several folders at the same time.</summary>
    /// <returns>The results, in the order of the reads.</returns>
    /// <inheritdoc cref="Run{T}(string, Func{T}, T, CancellationToken)"/>
    public static IReadOnlyList<T> RunAll<T>(IReadOnlyList<(string Folder, Func<T> Read)> reads, T otherwise, CancellationToken cancellationToken = default)
    {
        // The thread pool has too few threads for reads that hang.
        var tasks = reads.Select(read => s_hanging.ContainsKey(read.Folder) ? Task.FromResult(otherwise)
            : Task.Factory.StartNew(read.Read, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToList();
        try
        {
            Task.WaitAny([Task.WhenAll(tasks)], (int)Limit.TotalMilliseconds, cancellationToken);
        }
        finally
        {
            for (int i = 0; i < tasks.Count; i++)
            {
                MarkIfHanging(reads[i].Folder, tasks[i]);
            }
        }

        return [.. tasks.Select(task => task.IsCompleted ? task.GetAwaiter().GetResult() : otherwise)];
    }

    private static void MarkIfHanging(string folder, Task task)
    {
        if (!task.IsCompleted)
        {
            s_hanging[folder] = true;
            task.ContinueWith(_ => s_hanging.TryRemove(folder, out bool _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }
}
