namespace Bee.Ebpf;

/// <summary>Frames of the kernel and its modules.</summary>
internal sealed class KernelFrames : FrameSource
{
    public static readonly KernelFrames Instance = new();

    /// <summary>Whether an address is the kernel's: it has the upper half on all architectures that Bee runs on.</summary>
    public static bool Owns(ulong address) => address >> 63 != 0;

    public override FrameName Find(ulong address, bool isCaller)
    {
        var at = isCaller ? address - 1 : address;
        return LoadedCode.Find(at) is { } own
            ? new FrameName(own.Name, address - own.Address, "bpf", null)
            : KernelSymbols.Current().Find(at) is { } found
            ? new FrameName(found.Name, address - found.Address, found.Module, null)
            : new FrameName(null, null, KernelSymbols.Kernel, null);
    }
}
