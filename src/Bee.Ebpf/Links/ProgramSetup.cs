using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Links;

/// <summary>Tells libbpf, before it loads, what a section's name alone does not tell it.</summary>
internal static class ProgramSetup
{
    private const int KprobeMulti = 42;
    private const uint Sleepable = 1 << 4;

    /// <exception cref="BpfLoadException">What a program attaches to does not exist.</exception>
    public static void Adjust(ObjectHandle handle, ObjectFile file, AttachOptions options)
    {
        foreach (var program in file.Programs.Where(p => p.AutoLoad))
        {
            if (LibbpfCalls.FindProgram(handle, program.Name) is not 0 and var pointer)
            {
                SetType(pointer, program, options);
                SetTarget(pointer, program, options);
            }
        }
    }

    /// <summary>
    /// True for a plain kprobe or uprobe with several targets, where the kernel attaches one link to many functions: it is loaded for that, because links that
    /// are taken away one by one cost tens of milliseconds each.
    /// </summary>
    public static bool BecomesMulti(ProgramDescription program, AttachOptions options) => program.AttachTo is { } target && TargetText.IsSeveral(target) && program.KindRow switch
    {
        { IsMulti: true } => false,
        { Method: AttachMethod.Kprobe } => !target.Contains('+') && TraceableFunctions.HasMulti,
        { Method: AttachMethod.Uprobe } => UprobeMultiLinks.SuitsKernel(options),
        _ => false,
    };

    /// <summary>True where one link attaches the program to many functions: its section says so, or it becomes such a program.</summary>
    public static bool IsMulti(ProgramDescription program, AttachOptions options) => program.KindRow.IsMulti || BecomesMulti(program, options);

    // Sections that are newer than the libbpf at hand are no obstacle: the kernel's numbers are known here.
    // The setters fail only once the object is loaded.
    private static void SetType(nint pointer, ProgramDescription program, AttachOptions options)
    {
        if (LibbpfCalls.ProgramTypeOf(pointer) == (int)ProgramType.Unspecified)
        {
            _ = LibbpfCalls.SetProgramType(pointer, (int)program.Type);
            if (program.KindRow.AttachType is { } attachType)
            {
                _ = LibbpfCalls.SetExpectedAttachType(pointer, attachType);
            }

            if (program.IsSleepable)
            {
                _ = LibbpfCalls.SetProgramFlags(pointer, LibbpfCalls.ProgramFlags(pointer) | Sleepable);
            }
        }

        if (BecomesMulti(program, options))
        {
            _ = LibbpfCalls.SetExpectedAttachType(pointer, program.KindRow.Method == AttachMethod.Kprobe ? KprobeMulti : KernelLink.UprobeMulti);
        }
    }

    // The kernel binds these to their target when it loads them, not when they are attached.
    private static void SetTarget(nint pointer, ProgramDescription program, AttachOptions options)
    {
        if (program.AttachTo == program.SectionTarget || !program.KindRow.BindsAtLoad)
        {
            return;
        }

        if (TargetText.IsSeveral(program.AttachTo!))
        {
            throw new BpfLoadException(LoadFault.NoTarget, $"Program '{program.Name}' ({program.SectionName}) takes one target, and '{program.AttachTo}' is several.") { Program = program.Name };
        }

        using var scope = LibbpfLog.Capture(options.Log);
        var result = LibbpfCalls.SetAttachTarget(pointer, 0, program.AttachTo!);
        if (result != 0)
        {
            throw AttachFailure.NoTarget(program, program.AttachTo!, TargetNames.For(program), -result, scope.Log.Text);
        }
    }
}
