using System.Runtime.InteropServices;
using Bee.Posix;
using Microsoft.Win32.SafeHandles;

namespace Bee.Ebpf.Interop;

/// <summary>An open <c>bpf_object</c>. Closing it frees the programs and maps that have no other reference.</summary>
internal sealed class ObjectHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    private readonly List<FdHandle> _kept = [];

    public ObjectHandle(nint handle) : base(ownsHandle: true) => SetHandle(handle);

    /// <summary>Keeps an fd that libbpf uses open for as long as the object.</summary>
    public void Keep(FdHandle fd) => _kept.Add(fd);

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        LibbpfCalls.bpf_object__close(handle);
        _kept.ForEach(fd => fd.Dispose());
        return true;
    }
}

/// <summary>libbpf's <c>bpf_link</c>. Releasing it detaches the program, unless the link is pinned.</summary>
internal sealed class LinkHandle : SafeHandleZeroOrMinusOneIsInvalid, ILink
{
    public LinkHandle(nint handle) : base(ownsHandle: true) => SetHandle(handle);

    /// <summary>Whether a pin keeps the link when this handle is released.</summary>
    public bool IsPinned { get; set; }

    /// <summary>The fd of the perf event that Bee opened and the link owns; otherwise -1.</summary>
    public int Event { get; init; } = -1;

    /// <inheritdoc/>
    public int LinkFd
    {
        get
        {
            using var lease = new Lease(this);
            return LibbpfCalls.bpf_link__fd(handle);
        }
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        if (!IsPinned)
        {
            return LibbpfCalls.bpf_link__destroy(handle) == 0;
        }

        // Destroying a connected link disables its perf event, even if a pin holds the link. Destroying a disconnected one leaks its fd.
        var fd = LibbpfCalls.bpf_link__fd(handle);
        LibbpfCalls.bpf_link__disconnect(handle);
        // An inheritable event holds the program as long as its fd is open, independent of the link.
        if (Event >= 0 && Event != fd)
        {
            Libc.close(Event);
        }

        return LibbpfCalls.bpf_link__destroy(handle) == 0 & Libc.close(fd) == 0;
    }
}

/// <summary>An owned fd.</summary>
internal sealed class FdHandle : SafeHandleMinusOneIsInvalid
{
    public FdHandle(int fd) : base(ownsHandle: true) => SetHandle(fd);

    /// <summary>The number of the fd, valid while this handle is open.</summary>
    public int Number => (int)handle;

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => Libc.close((int)handle) == 0;
}

/// <summary>Pages of an fd mapped into this process.</summary>
internal sealed class MappedPages : SafeHandleZeroOrMinusOneIsInvalid
{
    private readonly nuint _length;

    private MappedPages(nint address, nuint length) : base(ownsHandle: true)
    {
        _length = length;
        SetHandle(address);
    }

    /// <summary>The start of the pages, valid while this handle is open.</summary>
    public nint Address => handle;

    /// <summary>Maps <paramref name="length"/> bytes from <paramref name="offset"/>; returns null on failure, with the last P/Invoke error set.</summary>
    public static MappedPages? TryMap(int fd, nuint length, nint offset, bool writable)
    {
        var protection = writable ? Libc.PROT_READ | Libc.PROT_WRITE : Libc.PROT_READ;
        var address = Libc.mmap(0, length, protection, Libc.MAP_SHARED, fd, offset);
        return address == -1 ? null : new MappedPages(address, length);
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => Libc.munmap(handle, _length) == 0;
}

/// <summary>Keeps a handle open during calls. If another thread disposes the handle, it closes when the lease ends.</summary>
internal readonly ref struct Lease
{
    private readonly SafeHandle _handle;

    /// <exception cref="ObjectDisposedException">The handle is closed.</exception>
    public Lease(SafeHandle handle)
    {
        _handle = handle;
        var taken = false;
        handle.DangerousAddRef(ref taken);
    }

    /// <param name="handle">The handle.</param>
    /// <param name="user">The public type that the caller of the library uses: a caller does not know the handle.</param>
    /// <exception cref="ObjectDisposedException">The handle is closed. The exception names <paramref name="user"/>.</exception>
    public Lease(SafeHandle handle, Type user)
    {
        try
        {
            this = new Lease(handle);
        }
        catch (ObjectDisposedException)
        {
            throw new ObjectDisposedException(user.FullName);
        }
    }

    public void Dispose() => _handle.DangerousRelease();
}

/// <summary>Keeps a program attached. Disposing it detaches the program.</summary>
internal interface ILink : IDisposable
{
    /// <summary>The fd of the kernel's link, valid until disposed; negative if the kernel has no link object.</summary>
    int LinkFd { get; }
}
