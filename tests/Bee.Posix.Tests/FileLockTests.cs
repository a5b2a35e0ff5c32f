using System.Diagnostics;

namespace Bee.Posix.Tests;

/// <summary>A lock excludes all other holders until it is released.</summary>
public sealed class FileLockTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TryTake_lock_that_is_held_returns_null()
    {
        using Folder folder = Folder.Open(_folder.Path)!;
        using (FileLock? held = Take(folder))
        {
            Assert.NotNull(held);
            Assert.Null(Take(folder));
        }

        Take(folder)!.Dispose();
        using FileLock whole = FileLock.TryTake(folder)!;
        Assert.Null(FileLock.TryTake(folder));
    }

    [Fact]
    public void Dispose_while_a_duplicate_of_the_fd_lives_frees_the_lock()
    {
        // A forked child has an fd of the same open file.
        using Folder folder = Folder.Open(_folder.Path)!;
        var file = folder.OpenOrCreateFile("lock", Folder.OwnerFile);
        int copy = Dup((int)file.DangerousGetHandle());
        using var duplicate = new Microsoft.Win32.SafeHandles.SafeFileHandle(copy, ownsHandle: true);
        FileLock.TryTake(file, "lock")!.Dispose();
        Assert.False(duplicate.IsInvalid);
        Take(folder)!.Dispose();
    }

    [Fact]
    public async Task Files_written_and_opened_while_others_start_processes_never_fail()
    {
        using var stop = new CancellationTokenSource();
        Task[] storm = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                using var child = Process.Start("/bin/true");
                child.WaitForExit();
            }
        }))];
        try
        {
            string path = _folder.In("a");
            using Folder folder = Folder.Open(_folder.Path)!;
            for (int i = 0; i < 500; i++)
            {
                AtomicFile.Write(path, "content"u8);
                Assert.Equal(7, RegularFile.ReadAllBytes(path).Length);
                using FileLock? held = Take(folder);
                Assert.NotNull(held);
            }
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(storm);
        }
    }

    private static FileLock? Take(Folder folder) => FileLock.TryTake(folder.OpenOrCreateFile("lock", Folder.OwnerFile), "lock");

    [System.Runtime.InteropServices.DllImport("libc", EntryPoint = "dup")]
    private static extern int Dup(int fd);
}
