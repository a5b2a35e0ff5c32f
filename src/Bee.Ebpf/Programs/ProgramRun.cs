using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;
using Bee.Posix;

namespace Bee.Ebpf.Programs;

/// <summary>The input of a test run.</summary>
public sealed class TestRunOptions
{
    /// <summary>The packet, starting at its Ethernet header, or at its IPv4 header for netfilter programs. Null for programs that do not take a packet.</summary>
    public ReadOnlyMemory<byte>? Data { get; init; }

    /// <summary>The bytes of the context; empty for no context.</summary>
    public ReadOnlyMemory<byte> Context { get; init; }

    /// <summary>How many times the kernel runs the program on the same packet. Its changes accumulate.</summary>
    public int Repeat { get; init; } = 1;

    /// <summary>The CPU to run on, for raw tracepoints; null for the current one.</summary>
    public int? Cpu { get; init; }
}

/// <summary>The result of a test run.</summary>
/// <param name="ReturnValue">The return value of the last run.</param>
/// <param name="Data">The packet after the run; empty for programs that do not take a packet.</param>
/// <param name="Context">The context after the run; empty if the kernel does not return it.</param>
/// <param name="NanosecondsPerRun">The mean duration of a run; null if the kernel does not measure it.</param>
public sealed record TestRunResult(int ReturnValue, byte[] Data, byte[] Context, long? NanosecondsPerRun);

/// <summary>Calls <c>BPF_PROG_TEST_RUN</c>.</summary>
internal static unsafe class ProgramRun
{
    // A program may lengthen the packet. The kernel reports a short buffer only after the run, when maps have changed, so the buffer fits any packet.
    private const int Growth = 65_536;

    // The kernel returns its own struct, which may be longer than the one that the program was compiled with.
    private const int ContextRoom = 1024;

    private const uint RunOnCpu = 1;

    public static TestRunResult Run(BpfProgram program, TestRunOptions options)
    {
        var kind = Check(program.Description, options);
        var given = options.Data.GetValueOrDefault();
        byte[] context = options.Context.ToArray(), dataOut = new byte[kind.TakesData ? given.Length + Growth : 0], contextOut = new byte[kind.ContextBack == TestRunContext.Out ? ContextRoom : 0];
        fixed (byte* dataIn = given.Span, contextIn = context, dataBack = dataOut, contextBack = contextOut)
        {
            var call = new LibbpfCalls.TestRunOptions
            {
                Size = (nuint)sizeof(LibbpfCalls.TestRunOptions),
                DataIn = dataIn,
                DataSizeIn = (uint)given.Length,
                DataOut = dataBack,
                DataSizeOut = (uint)dataOut.Length,
                ContextIn = contextIn,
                ContextSizeIn = (uint)context.Length,
                ContextOut = contextBack,
                ContextSizeOut = (uint)contextOut.Length,
                Repeat = kind.Repeats ? options.Repeat : 0,
                Flags = options.Cpu is null ? 0 : RunOnCpu,
                Cpu = (uint)options.Cpu.GetValueOrDefault(),
            };
            int result;
            using (ChildSignals.BlockOnThread())
            {
                // A pending signal would end the repetition.
                result = LibbpfCalls.bpf_prog_test_run_opts(program.Fd, &call);
            }

            if (result != 0)
            {
                throw Refused(program.Description, kind, options, -result);
            }

            var data = dataOut[..(int)Math.Min(call.DataSizeOut, (uint)dataOut.Length)];
            var back = kind.ContextBack switch
            {
                TestRunContext.Out => contextOut[..(int)Math.Min(call.ContextSizeOut, (uint)contextOut.Length)],
                TestRunContext.InPlace => context,
                TestRunContext.AsData => data,
                _ => [],
            };
            if (kind.ContextBack is TestRunContext.AsData or TestRunContext.None)
            {
                // These programs only read the packet, and the kernel does not return it.
                data = given.ToArray();
            }
            else if (kind.HidesEthernet && data.Length >= TestRunKind.EthernetHeader)
            {
                // The kernel returns zeros for a header that the program does not see.
                given.Span[..TestRunKind.EthernetHeader].CopyTo(data);
            }

            return new TestRunResult((int)call.ReturnValue, data, back, kind.Repeats ? call.Duration : null);
        }
    }

    private static TestRunKind Check(ProgramDescription program, TestRunOptions options)
    {
        if (program.KindRow.TestRun is not { } kind)
        {
            throw Unsupported(program);
        }

        BpfTestException Fault(TestFault fault, string message, string? remedy = null) =>
            new(fault, program.Name, $"Program '{program.Name}' ({program.SectionName}) {message}", remedy);
        var data = options.Data is { Length: var length } ? length : (int?)null;
        if (!kind.TakesData && data is not null)
        {
            throw Fault(TestFault.BadData, $"does not take a packet, but the input has one of {data} bytes.");
        }

        if (kind.TakesData && (data ?? 0) < kind.LeastData)
        {
            throw Fault(
                TestFault.BadData,
                data is null ? "needs a packet, but the input has none." : $"needs a packet of at least {kind.LeastData} bytes, but the input has {data}.",
                kind.LeastData == TestRunKind.EthernetHeader ? "A packet begins with its Ethernet header of 14 bytes." : "A packet begins with its IPv4 header of 20 bytes.");
        }

        if (!kind.TakesCpu && options.Cpu is { } cpu)
        {
            throw Fault(TestFault.BadOption, $"cannot be run on CPU {cpu}: the kernel supports a choice of CPU only for raw tracepoints.");
        }

        return options.Repeat < 1 ? throw Fault(TestFault.BadOption, $"cannot be run {options.Repeat} times.")
            : !kind.Repeats && options.Repeat > 1 ? throw Fault(TestFault.BadOption, $"cannot be run {options.Repeat} times at once: the kernel repeats only programs that take packets, and sk_lookup programs.")
            : kind;
    }

    /// <summary>Returns the exception for a kind of program that the kernel does not test.</summary>
    public static BpfTestException Unsupported(ProgramDescription program) => new(
        TestFault.Unsupported,
        program.Name,
        $"The kernel has no test run for program '{program.Name}': its kind ({(program.Kind.Length > 0 ? program.Kind : program.SectionName)}) is not supported.",
        $"Supported kinds: {TestRunKinds.List}.");

    private static BpfTestException Refused(ProgramDescription program, TestRunKind kind, TestRunOptions options, int errno)
    {
        BpfTestException Make(TestFault fault, string why, string? remedy = null) =>
            new(fault, program.Name, $"The kernel does not run program '{program.Name}' ({program.SectionName}) on this input: {why}.", remedy, errno);
        return errno switch
        {
            Libc.ENOTSUPP => Make(TestFault.Unsupported, $"it has no test run for {kind.Name} programs", $"Linux {kind.Since} is the first that has one."),
            Libc.EINVAL when kind.TakesData => Make(
                TestFault.Refused,
                $"{Libc.Describe(errno)}, for a packet of {options.Data?.Length} bytes and a context of {options.Context.Length}",
                $"The packet may be too long for one page, or the context ({kind.ContextName}) sets a field that the kernel sets itself."),
            Libc.EINVAL when kind.ContextBack == TestRunContext.InPlace => Make(
                TestFault.Refused, $"{Libc.Describe(errno)}, for a context of {options.Context.Length} bytes", "The context may be shorter than what the program reads of it."),
            Libc.EINVAL => Make(TestFault.Refused, $"{Libc.Describe(errno)}, for a context of {options.Context.Length} bytes", $"A field of the context ({kind.ContextName ?? "arguments"}) may be out of range."),
            Libc.ENOMEM when kind.TakesData => Make(
                TestFault.Refused, $"{Libc.Describe(errno)}, for a packet of {options.Data?.Length} bytes", "The packet may be larger than the kernel has memory for in one piece."),
            Libc.EAFNOSUPPORT => Make(TestFault.Refused, Libc.Describe(errno), "The field family of the context is 2 for IPv4 or 10 for IPv6."),
            Libc.ENODEV => Make(TestFault.Refused, Libc.Describe(errno), "The context names an interface by its index that does not exist in this network namespace."),
            Libc.ENXIO => Make(TestFault.Refused, $"CPU {options.Cpu} is not online"),
            Libc.EINTR => Make(TestFault.Refused, "a signal ended the repetition"),
            _ => Make(TestFault.Refused, Libc.Describe(errno)),
        };
    }
}
