using System.Runtime.InteropServices;

namespace Bee.Ebpf;

/// <summary>Keeps a handle open over a few calls, so that closing it on another thread takes effect after them.</summary>
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

    public void Dispose() => _handle.DangerousRelease();
}
