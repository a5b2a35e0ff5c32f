using Microsoft.Win32.SafeHandles;

namespace Bee.Ebpf;

/// <summary>The open descriptors of a pinned program, which close together; the pins stay.</summary>
internal sealed class PinnedObjects : SafeHandleZeroOrMinusOneIsInvalid
{
    private readonly List<FdHandle> _descriptors = [];

    public PinnedObjects() : base(ownsHandle: true) => SetHandle(1);

    /// <summary>Opens a pin.</summary>
    /// <param name="path">The pin.</param>
    /// <param name="kind">What it must be.</param>
    /// <returns>The descriptor; it is valid while this is open.</returns>
    /// <exception cref="PinException">There is no such pin, it is of another kind, or this process may not open it.</exception>
    public int Open(string path, KernelObjectKind kind)
    {
        var descriptor = OpenPin(path, kind);
        _descriptors.Add(descriptor);
        return descriptor.Number;
    }

    /// <summary>The same for a descriptor that the caller keeps.</summary>
    public static FdHandle OpenPin(string path, KernelObjectKind kind)
    {
        Libbpf.Require();
        var descriptor = LibbpfCalls.OpenPin(path);
        if (descriptor < 0)
        {
            throw descriptor == -Libc.EPERM && Permissions.Lacking().Count == 0
                ? new PinException(PinFault.Foreign, path, $"'{path}' is no pin.")
                : PinException.Of(-descriptor, "open the pin", path);
        }

        var handle = new FdHandle(descriptor);
        if (KernelObject.KindOf(descriptor) != kind)
        {
            handle.Dispose();
            throw new PinException(PinFault.Foreign, path, $"'{path}' is no pin of a {kind.ToString().ToLowerInvariant()}.");
        }

        return handle;
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        _descriptors.ForEach(descriptor => descriptor.Dispose());
        return true;
    }
}
