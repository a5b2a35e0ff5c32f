using System.Globalization;
using System.IO.Enumeration;
using System.Runtime.InteropServices;
using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Programs;
using Bee.Posix;

namespace Bee.Ebpf.Links;

/// <summary>Attaches a program according to its kind.</summary>
internal static class Attacher
{
    /// <summary>Creates the links of a program. The sequence is lazy, so that the caller can dispose the first links if a later one fails.</summary>
    /// <exception cref="BpfLoadException">The program cannot be attached.</exception>
    public static IEnumerable<ILink> Attach(BpfProgram program, AttachOptions options, AttachTargets targets) => program.Description.KindRow.Method switch
    {
        AttachMethod.None => [],
        AttachMethod.Sampler => PerfEventLinks.Make(program, options),
        AttachMethod.Tracepoint => TracepointLinks.Make(program, options),
        AttachMethod.RawTracepoint => Each(program, options, name => LibbpfCalls.bpf_program__attach_raw_tracepoint(program.Pointer, name)),
        AttachMethod.Kprobe => KprobeLinks.Make(program, options),
        AttachMethod.SystemCall => Each(program, options, name => KprobeLinks.AttachSystemCall(program, name)),
        AttachMethod.Uprobe when program.IsMulti => UprobeMultiLinks.Make(program, options),
        AttachMethod.Uprobe => UprobeLinks.Make(program, options),
        AttachMethod.StaticProbe => UsdtLinks.Make(program, options),
        AttachMethod.Interface => InterfaceLinks.Make(program, options, targets),
        AttachMethod.Cgroup => [CgroupLink.Make(program, options, targets.CgroupOf(program.Description))],
        AttachMethod.NetworkNamespace => [targets.NamespaceOf(program.Description).Use(space => One(program, options, () => LibbpfCalls.bpf_program__attach_netns(program.Pointer, space)))],
        AttachMethod.SocketMap => [SocketMapLinks.Make(program, targets)],
        AttachMethod.AtLoad => [One(program, options, () => LibbpfCalls.bpf_program__attach(Targeted(program).Pointer))],
        var method => throw new InvalidOperationException($"Nothing attaches programs by {method}."),
    };

    /// <summary>Creates one link through libbpf.</summary>
    /// <param name="program">The program.</param>
    /// <param name="options">The options with the log.</param>
    /// <param name="attach">The call. It returns a link, or zero with the last P/Invoke error set.</param>
    /// <param name="target">The target, if the program has several.</param>
    public static LinkHandle One(BpfProgram program, AttachOptions options, Func<nint> attach, string? target = null)
    {
        using var scope = LibbpfLog.Capture(options.Log);
        var link = attach();
        return link != 0 ? new LinkHandle(link) : throw AttachFailure.Explain(program, Marshal.GetLastPInvokeError(), scope.Log.Text, target);
    }

    /// <summary>Returns the program if it has a target.</summary>
    public static BpfProgram Targeted(BpfProgram program) => !string.IsNullOrWhiteSpace(program.Description.AttachTo) ? program : throw AttachFailure.NoTargetGiven(program);

    private static IEnumerable<ILink> Each(BpfProgram program, AttachOptions options, Func<string, nint> attach) =>
        TargetText.Split(Targeted(program).Description.AttachTo).Select(target => One(program, options, () => attach(target), target));
}

/// <summary>Parses targets: names separated by commas, with the wildcards <c>*</c> and <c>?</c>.</summary>
internal static class TargetText
{
    /// <summary>Reports whether the text has wildcards or several names.</summary>
    public static bool IsSeveral(string target) => target.AsSpan().ContainsAny("*?,");

    /// <summary>Splits the text into names, which may have wildcards.</summary>
    public static string[] Split(string? target) => target?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <summary>Reports whether a name has wildcards.</summary>
    public static bool IsPattern(string name) => name.AsSpan().ContainsAny('*', '?');

    /// <summary>Parses an offset in decimal or, with 0x, in hexadecimal.</summary>
    public static bool TryOffset(string text, out ulong offset) => text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
        ? ulong.TryParse(text.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out offset)
        : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out offset);

    /// <summary>Reports whether a pattern matches a name, case-sensitively.</summary>
    public static bool Fits(string pattern, string name) => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false);
}

/// <summary>Sets what libbpf cannot derive from the names of sections: types, targets and which programs are loaded.</summary>
internal static class ProgramSetup
{
    private const int KprobeMulti = 42;
    private const uint Sleepable = 1 << 4;

    /// <exception cref="BpfLoadException">The attach target of a program does not exist.</exception>
    public static void Adjust(ObjectHandle handle, ObjectFile file, AttachOptions options)
    {
        foreach (var program in file.Programs)
        {
            if (LibbpfCalls.bpf_object__find_program_by_name(handle, program.Name) is not 0 and var pointer)
            {
                _ = LibbpfCalls.bpf_program__set_autoload(pointer, program.AutoLoad);
                if (!program.AutoLoad)
                {
                    continue;
                }

                SetType(pointer, program, options);
                SetTarget(pointer, program, options);
            }
        }
    }

    /// <summary>
    /// Reports whether a plain kprobe or uprobe with several targets is loaded as a multi program, if the kernel supports that: one link for all functions. Detaching single links takes
    /// tens of milliseconds each.
    /// </summary>
    public static bool BecomesMulti(ProgramDescription program, AttachOptions options) => program.AttachTo is { } target && TargetText.IsSeveral(target) && program.KindRow switch
    {
        { IsMulti: true } => false,
        { Method: AttachMethod.Kprobe } => !target.Contains('+') && TraceableFunctions.HasMulti,
        { Method: AttachMethod.Uprobe } => UprobeMultiLinks.SuitsKernel(options),
        _ => false,
    };

    /// <summary>Reports whether one link attaches the program to many functions, by its section or because <see cref="BecomesMulti"/>.</summary>
    public static bool IsMulti(ProgramDescription program, AttachOptions options) => program.KindRow.IsMulti || BecomesMulti(program, options);

    // A libbpf that is older than a section's kind does not know its type, so the type is set here.
    // The setters fail only after the object is loaded.
    private static void SetType(nint pointer, ProgramDescription program, AttachOptions options)
    {
        if (LibbpfCalls.bpf_program__type(pointer) == (int)ProgramType.Unspecified)
        {
            _ = LibbpfCalls.bpf_program__set_type(pointer, (int)program.Type);
            if (program.KindRow.AttachType is { } attachType)
            {
                _ = LibbpfCalls.bpf_program__set_expected_attach_type(pointer, attachType);
            }

            if (program.IsSleepable)
            {
                _ = LibbpfCalls.bpf_program__set_flags(pointer, LibbpfCalls.bpf_program__flags(pointer) | Sleepable);
            }
        }

        if (BecomesMulti(program, options))
        {
            _ = LibbpfCalls.bpf_program__set_expected_attach_type(pointer, program.KindRow.Method == AttachMethod.Kprobe ? KprobeMulti : KernelLink.UprobeMulti);
        }
    }

    // The kernel binds these programs to their target when it loads them, not when they are attached.
    private static void SetTarget(nint pointer, ProgramDescription program, AttachOptions options)
    {
        if (program.BoundTo == program.SectionTarget || !program.KindRow.BindsAtLoad)
        {
            return;
        }

        if (TargetText.IsSeveral(program.AttachTo!))
        {
            throw new BpfLoadException(LoadFault.NoTarget, $"Program '{program.Name}' ({program.SectionName}) takes one target, but '{program.AttachTo}' names several.") { Program = program.Name };
        }

        using var scope = LibbpfLog.Capture(options.Log);
        var result = LibbpfCalls.bpf_program__set_attach_target(pointer, 0, program.AttachTo!);
        if (result != 0)
        {
            throw AttachFailure.NoTarget(program, program.AttachTo!, TargetNames.For(program), -result, scope.Log.Text);
        }
    }
}

/// <summary>Creates the links of iterators and starts them. Such a link attaches nothing: the program runs when its output is read.</summary>
internal static class IteratorLinks
{
    /// <summary>Creates the link that an iterator is read through.</summary>
    /// <exception cref="BpfLoadException">The kernel rejects the program.</exception>
    public static unsafe LinkHandle Make(BpfProgram program)
    {
        using var scope = LibbpfLog.Capture(null);
        var map = program.TargetMap?.Fd ?? -1;
        var options = new LibbpfCalls.IteratorOptions { Size = (nuint)sizeof(LibbpfCalls.IteratorOptions), Map = &map, Length = sizeof(int) };
        var link = LibbpfCalls.bpf_program__attach_iter(program.Pointer, program.TargetMap is null ? null : &options);
        return link != 0 ? new LinkHandle(link) : throw (Marshal.GetLastPInvokeError() is var errno && errno == Libc.EACCES && program.TargetMap is { Description: var over }
            ? new BpfLoadException(LoadFault.Unsupported, $"Program '{program.Name}' ({program.SectionName}) cannot iterate over map '{over.Name}': it reads beyond the entries of the map (key {over.KeySize}, value {over.ValueSize} bytes).")
            {
                Program = program.Name,
                Errno = errno,
            }
            : AttachFailure.Explain(program, errno, scope.Log.Text));
    }

    /// <summary>Starts an iterator and returns the fd to read its output from.</summary>
    /// <exception cref="BpfLoadException">The kernel rejects the program.</exception>
    public static FdHandle Open(BpfProgram program)
    {
        using var link = program.Pointer != 0 ? Make(program) : null;
        var fd = LibbpfCalls.bpf_iter_create(link is null ? program.IteratorLink : link.LinkFd);
        return fd >= 0 ? new FdHandle(fd) : throw AttachFailure.Explain(program, -fd, "");
    }
}
