using System.IO.Compression;
using Bee.Posix;
using Microsoft.Win32.SafeHandles;

namespace Bee.Telemetry.Captures;

/// <summary>Appends chunks to one capture file. Each chunk is written by one call; the rest of a failed write is cut off, so the file always ends with a whole chunk.</summary>
internal sealed class CaptureAppender : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly MemoryStream _chunk = new();

    private CaptureAppender(string path, SafeFileHandle file)
    {
        Path = path;
        _file = file;
    }

    /// <summary>The file's path.</summary>
    public string Path { get; }

    /// <summary>The length of the file in bytes.</summary>
    public long Length { get; private set; }

    /// <summary>Creates a file that only its owner can read, and writes its head.</summary>
    /// <param name="folder">The folder of the file.</param>
    /// <param name="name">The name of the file.</param>
    /// <param name="number">The file's number in its capture, from 1.</param>
    /// <param name="replace">Whether to replace an existing file. If the new file cannot be written, the existing one stays.</param>
    /// <exception cref="CaptureException">The file exists, or cannot be created or written.</exception>
    public static CaptureAppender Create(Folder folder, string name, int number, bool replace = false)
    {
        string path = System.IO.Path.Combine(folder.Path, name);
        string first = replace ? $".bee-{Guid.NewGuid():n}" : name;
        SafeFileHandle file;
        try
        {
            if (!replace && folder.StatusOf(name) is not null)
            {
                throw CaptureNames.Exists(path);
            }

            file = folder.CreateFile(first, Folder.OwnerFile);
            CaptureLock.Take(file, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CaptureException(CaptureFault.CannotCreate, $"The capture '{path}' cannot be created: {Reason(e)}", "Give a path in a folder that this user may write.", e);
        }

        var appender = new CaptureAppender(path, file);
        try
        {
            DateTime now = DateTime.UtcNow;
            appender._chunk.SetLength(CaptureFormat.PreambleSize);
            CaptureFormat.WritePreamble(appender._chunk.GetBuffer());
            appender.Append(new ChunkHeader { Kind = ChunkKind.Head, First = now.Ticks, Last = now.Ticks }, CaptureDocuments.Head(CaptureDocuments.Here(path, now), number));
            if (replace)
            {
                folder.Rename(first, folder, name);
            }

            return appender;
        }
        catch (Exception e)
        {
            appender.Dispose();
            folder.Delete(first);
            if (e is IOException or UnauthorizedAccessException)
            {
                throw new CaptureException(CaptureFault.CannotCreate, $"The capture '{path}' cannot be created: {e.Message}", "Give a path in a folder that this user may write, or of a file that belongs to this user.", e);
            }

            throw;
        }
    }

    /// <summary>Appends a chunk.</summary>
    /// <param name="header">The header; this method fills in the encoding and the lengths.</param>
    /// <param name="content">The content.</param>
    /// <exception cref="CaptureException"><see cref="CaptureFault.NoSpace"/>, <see cref="CaptureFault.CannotWrite"/>.</exception>
    public void Append(ChunkHeader header, ReadOnlySpan<byte> content)
    {
        if (content.Length > CaptureFormat.LargestChunk)
        {
            throw new CaptureException(CaptureFault.CannotWrite, $"The capture '{Path}' cannot be written: an event makes a block of {content.Length} bytes, and {CaptureFormat.LargestChunk} are the limit.");
        }

        // The preamble precedes the first chunk.
        int start = Length == 0 ? CaptureFormat.PreambleSize : 0;
        int contentAt = start + ChunkHeader.Size;
        _chunk.SetLength(contentAt);
        _chunk.Position = contentAt;
        ChunkEncoding encoding = ChunkEncoding.Deflate;
        using (var deflate = new DeflateStream(_chunk, CompressionLevel.Fastest, leaveOpen: true))
        {
            deflate.Write(content);
        }

        if (_chunk.Length - contentAt >= content.Length)
        {
            encoding = ChunkEncoding.Plain;
            _chunk.SetLength(contentAt);
            _chunk.Position = contentAt;
            _chunk.Write(content);
        }

        Span<byte> bytes = _chunk.GetBuffer().AsSpan(0, (int)_chunk.Length);
        new ChunkHeader
        {
            Kind = header.Kind,
            Encoding = encoding,
            Stored = (uint)(bytes.Length - contentAt),
            Length = (uint)content.Length,
            Events = header.Events,
            Lost = header.Lost,
            First = header.First,
            Last = header.Last,
        }.Write(bytes[start..]);
        Write(bytes);
    }

    /// <summary>Flushes the file to the disk (fsync).</summary>
    /// <exception cref="CaptureException"><see cref="CaptureFault.NoSpace"/>, <see cref="CaptureFault.CannotWrite"/>.</exception>
    public void Synchronize()
    {
        try
        {
            RandomAccess.FlushToDisk(_file);
        }
        catch (IOException e)
        {
            throw Failure(e);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_file.IsClosed)
        {
            CaptureLock.Release(_file);
        }

        _file.Dispose();
    }

    // The message of the kernel contains the name of a temporary file.
    private static string Reason(Exception e) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException => "the folder does not accept new files.",
        UnauthorizedAccessException => "this user may not create files in its folder.",
        _ => e.Message,
    };

    private void Write(ReadOnlySpan<byte> bytes)
    {
        try
        {
            RandomAccess.Write(_file, bytes, Length);
            Length += bytes.Length;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            try
            {
                RandomAccess.SetLength(_file, Length);
            }
            catch (Exception inner) when (inner is IOException or UnauthorizedAccessException)
            {
                // A reader ignores an incomplete last chunk.
            }

            throw Failure(e);
        }
    }

    private CaptureException Failure(Exception cause) => cause is IOException io && PosixException.IsNoSpace(io)
        ? new CaptureException(CaptureFault.NoSpace, $"The capture '{Path}' cannot be written: the disk is full.", "Free space, or capture to another disk.", cause)
        : new CaptureException(CaptureFault.CannotWrite, $"The capture '{Path}' cannot be written: {cause.Message}", "Check the disk, or capture to another one.", cause);
}

/// <summary>
/// Marks a file that a process is writing: the writer holds flock(2) on the file from its creation to its end. The lock protects a recording from <see cref="CaptureOptions.Replace"/> only. Any process
/// that can open a file can lock it, and only the owner can open a capture.
/// </summary>
internal static class CaptureLock
{
    /// <summary>Locks a new file that has no reader yet. On a file system without locks, the file stays unlocked.</summary>
    public static void Take(SafeFileHandle file, string path)
    {
        try
        {
            FileLock.TryLock(file, path);
        }
        catch (IOException)
        {
            // Without a lock, another process may replace the file.
        }
    }

    /// <summary>Unlocks a file, also for child processes that inherited it.</summary>
    public static void Release(SafeFileHandle file) => FileLock.Unlock(file);

    /// <summary>Reports whether a process is writing a file. Returns false if this user cannot open the file, or if its file system has no locks.</summary>
    public static bool IsTaken(Folder folder, string name)
    {
        try
        {
            if (folder.OpenFile(name, out _) is not { } file)
            {
                return false;
            }

            using var taken = FileLock.TryTake(file, name);
            return taken is null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
