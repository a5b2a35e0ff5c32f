using System.Runtime.InteropServices;

namespace Bee.Ebpf;

/// <summary>A link made by the kernel's own call, for kinds that some versions of libbpf 1 have no call for.</summary>
/// <remarks>Numbers and layout: <c>BPF_LINK_CREATE</c> in include/uapi/linux/bpf.h.</remarks>
internal sealed unsafe class KernelLink : ILink
{
    public const int TrafficIngress = 46, TrafficEgress = 47, UprobeMulti = 48;

    private const nint LinkCreate = 28;
    private readonly FdHandle _descriptor;

    private KernelLink(FdHandle descriptor) => _descriptor = descriptor;

    /// <summary>The part of <c>bpf_attr</c> that makes a link; of the union only the member for uprobes, and zeros for the others.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Attributes
    {
        public int Program;
        public int Target;
        public int AttachType;
        public uint Flags;
        public byte* Path;
        public ulong* Offsets;
        public ulong* CounterOffsets;
        public ulong* Cookies;
        public uint Count;
        public uint UprobeFlags;
        public int ProcessId;
        public int Padding;
    }

    /// <inheritdoc/>
    public int LinkDescriptor => _descriptor.IsClosed ? -1 : _descriptor.Number;

    /// <summary>Makes a link, or gives null and leaves the last P/Invoke error.</summary>
    public static KernelLink? TryCreate(Attributes attributes)
    {
        nint call = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => 321,
            Architecture.Arm64 or Architecture.LoongArch64 => 280,
            Architecture.S390x => 351,
            Architecture.Ppc64le => 361,
            var other => throw new PlatformNotSupportedException($"The system call bpf is not known on {other}."),
        };
        var descriptor = (int)Libc.BpfCall(call, LinkCreate, &attributes, (nuint)sizeof(Attributes));
        return descriptor < 0 ? null : new KernelLink(new FdHandle(descriptor));
    }

    /// <inheritdoc/>
    public void Dispose() => _descriptor.Dispose();
}
