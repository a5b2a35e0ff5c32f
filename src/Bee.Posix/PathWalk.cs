using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Bee.Posix;

/// <summary>Walks an absolute path from the root, component by component, and calls a check for each folder, link and file before it is used.</summary>
internal static class PathWalk
{
    private const int MostLinks = 40;
    private const int LongestTarget = 4096;

    /// <summary>Checks a component.</summary>
    /// <param name="status">The status of the component.</param>
    /// <param name="place">The path of the component.</param>
    public delegate void Check(FileStatus status, string place);

    /// <summary>Opens a folder for listing and synchronizing; null if it does not exist.</summary>
    public static SafeFileHandle? OpenFolder(string path, Check check, bool followLinks) => Walk(path, check, followLinks, last =>
    {
        int fd = Libc.openat(last.Folder, last.Name, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW | Libc.O_CLOEXEC, 0);
        return fd >= 0 ? Seen(new SafeFileHandle(fd, ownsHandle: true), path, check)
            : Marshal.GetLastPInvokeError() == Libc.ENOENT ? null
            : throw PosixException.Last("open the folder", path);
    });

    /// <summary>Opens a regular file for reading; null if it does not exist.</summary>
    public static SafeFileHandle? OpenFile(string path, Check check, bool followLinks) => Walk(path, check, followLinks, last =>
    {
        int fd = Libc.openat(last.Folder, last.Name, Libc.O_RDONLY | Libc.O_NONBLOCK | Libc.O_NOFOLLOW | Libc.O_CLOEXEC, 0);
        return fd >= 0 || Marshal.GetLastPInvokeError() != Libc.ENOENT ? Seen(RegularFile.Checked(fd, path, out _), path, check) : null;
    });

    /// <summary>Calls a check for each component that exists.</summary>
    public static void Visit(string path, Check check, bool followLinks) => Walk(path, check, followLinks, _ => null);

    private static SafeFileHandle Seen(SafeFileHandle file, string path, Check check)
    {
        try
        {
            // Checks the opened file again, because the name may have been replaced since the walk.
            check(FileStatus.Of(file), path);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static SafeFileHandle? Walk(string path, Check check, bool followLinks, Func<(SafeFileHandle Folder, string Name), SafeFileHandle?> open)
    {
        if (!path.StartsWith('/'))
        {
            throw new ArgumentException($"'{path}' is not an absolute path.", nameof(path));
        }

        var left = new Stack<string>(Enumerable.Reverse(path.Split('/', StringSplitOptions.RemoveEmptyEntries)));
        SafeFileHandle current = Root();
        string walked = "/";
        int links = 0;
        try
        {
            check(FileStatus.Of(current), walked);
            while (left.TryPop(out string? name))
            {
                if (name is "." or "")
                {
                    continue;
                }

                int fd = Libc.openat(current, name, Libc.O_PATH | Libc.O_NOFOLLOW | Libc.O_CLOEXEC, 0);
                string place = name == ".." ? Path.GetDirectoryName(walked) ?? "/" : Path.Combine(walked, name);
                if (fd < 0)
                {
                    return Marshal.GetLastPInvokeError() is Libc.ENOENT ? null : throw PosixException.Last("look at", place);
                }

                var next = new SafeFileHandle(fd, ownsHandle: true);
                try
                {
                    var status = FileStatus.Of(next);
                    check(status, place);
                    if (status.IsLink && followLinks)
                    {
                        if (++links > MostLinks)
                        {
                            throw PosixException.From(Libc.ELOOP, "open", path);
                        }

                        string target = Target(next, place);
                        foreach (string part in Enumerable.Reverse(target.Split('/', StringSplitOptions.RemoveEmptyEntries)))
                        {
                            left.Push(part);
                        }

                        if (target.StartsWith('/'))
                        {
                            (SafeFileHandle old, current) = (current, Root());
                            old.Dispose();
                            walked = "/";
                        }

                        continue;
                    }

                    if (left.Count == 0)
                    {
                        return open((current, name));
                    }

                    (next, current) = (current, next);
                    walked = place;
                }
                finally
                {
                    next.Dispose();
                }
            }

            // The path is the root, or ends in "." after a link.
            return open((current, "."));
        }
        finally
        {
            current.Dispose();
        }
    }

    private static SafeFileHandle Root()
    {
        int fd = Libc.open("/", Libc.O_PATH | Libc.O_DIRECTORY | Libc.O_CLOEXEC, 0);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw PosixException.Last("open", "/");
    }

    private static unsafe string Target(SafeFileHandle link, string place)
    {
        byte* buffer = stackalloc byte[LongestTarget];
        nint length = Libc.readlinkat(link, "", buffer, LongestTarget);
        return length > 0 ? Encoding.UTF8.GetString(buffer, (int)length) : throw PosixException.Last("read the link", place);
    }
}
