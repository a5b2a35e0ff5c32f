using System.Runtime.InteropServices;
using Bee.Posix;

namespace Bee.Ebpf.Interop;

/// <summary>Opens perf events that run programs, and the outputs of perf buffers.</summary>
/// <remarks>Numbers and layout: include/uapi/linux/perf_event.h.</remarks>
internal static unsafe class PerfEvent
{
    public const nuint Enable = 0x2400;

    private const uint TypeSoftware = 1;
    private const ulong BpfOutput = 10;
    private const ulong SampleRaw = 1 << 10;
    private const ulong FlagInherit = 1 << 1, FlagFrequency = 1 << 10;
    private const ulong ReadLost = 1 << 4;
    private const nuint CloseOnExec = 8;

    /// <summary>The first 112 bytes of <c>perf_event_attr</c>, which every kernel with BTF accepts.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Attributes
    {
        public uint Type;
        public uint Size;
        public ulong Config;
        public ulong PeriodOrFrequency;
        public ulong SampleType;
        public ulong ReadFormat;
        public ulong Flags;
        public uint WakeupEvents;
        public uint BreakpointType;
        public ulong Config1, Config2, BranchSampleType, SampleRegisters;
        public uint SampleStack;
        public int Clock;
        public ulong SampleRegistersAtInterrupt;
        public uint AuxWatermark;
        public ushort MaxStack, Reserved;
    }

    /// <summary>Opens an event that runs programs: on one CPU for all processes (<paramref name="thread"/> is -1), or for one thread and its later children on all CPUs (<paramref name="cpu"/> is -1).</summary>
    /// <param name="type">The kernel's type of the event.</param>
    /// <param name="config">The event of that type.</param>
    /// <param name="rate">The period; the frequency if <paramref name="isFrequency"/> is true.</param>
    /// <param name="isFrequency">Whether the rate is in samples per second instead of events per sample.</param>
    /// <param name="thread">The thread id; 0 for the calling thread.</param>
    /// <param name="cpu">The CPU.</param>
    /// <returns>The event, or null with the last P/Invoke error set.</returns>
    public static FdHandle? TrySample(uint type, ulong config, ulong rate, bool isFrequency, int thread, int cpu)
    {
        var attributes = new Attributes { Type = type, Config = config, PeriodOrFrequency = rate, Flags = isFrequency ? FlagFrequency : 0 };
        if (thread != -1)
        {
            attributes.Flags |= FlagInherit;
        }

        return Open(ref attributes, thread, cpu);
    }

    /// <summary>Opens the output through which programs on one CPU write to a perf buffer.</summary>
    /// <param name="cpu">The CPU.</param>
    /// <param name="counts">Whether the kernel counts lost records, readable from the fd (since Linux 6.0).</param>
    /// <returns>The event, or null with the last P/Invoke error set.</returns>
    public static FdHandle? TryOutput(int cpu, out bool counts)
    {
        var attributes = new Attributes { Type = TypeSoftware, Config = BpfOutput, PeriodOrFrequency = 1, SampleType = SampleRaw, WakeupEvents = 1, ReadFormat = ReadLost };
        counts = true;
        var output = Open(ref attributes, -1, cpu);
        if (output is null && Marshal.GetLastPInvokeError() == Libc.EINVAL)
        {
            counts = false;
            attributes.ReadFormat = 0;
            output = Open(ref attributes, -1, cpu);
        }

        return output;
    }

    /// <summary>Returns the number of records that an output has lost, if the kernel counts them.</summary>
    public static ulong ReadLostCount(FdHandle output)
    {
        var values = stackalloc ulong[2];
        return Libc.read(output, values, 2 * sizeof(ulong)) == 2 * sizeof(ulong) ? values[1] : 0;
    }

    private static FdHandle? Open(ref Attributes attributes, int thread, int cpu)
    {
        nint number = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => 298,
            Architecture.Arm64 or Architecture.LoongArch64 => 241,
            Architecture.S390x => 331,
            Architecture.Ppc64le => 319,
            var other => throw new PlatformNotSupportedException($"The number of the system call perf_event_open is unknown for {other}."),
        };
        attributes.Size = (uint)sizeof(Attributes);
        fixed (Attributes* start = &attributes)
        {
            var fd = (int)Libc.syscall(number, (nint)start, thread, cpu, -1, (nint)CloseOnExec);
            return fd < 0 ? null : new FdHandle(fd);
        }
    }
}
