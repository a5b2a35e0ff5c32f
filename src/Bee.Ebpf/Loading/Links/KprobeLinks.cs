using System.Runtime.InteropServices;

namespace Bee.Ebpf;

/// <summary>Attaches kprobes and kretprobes: one function at a time, or many with one link where the kernel has that.</summary>
internal static unsafe class KprobeLinks
{
    public static IEnumerable<ILink> Make(BpfProgram program, AttachOptions options)
    {
        var description = Attacher.Targeted(program).Description;
        if (!AttachFailure.HasKprobes)
        {
            throw AttachFailure.NoKprobes(program, Libc.EOPNOTSUPP, "");
        }

        var isReturn = description.Kind is "kretprobe" or "kretprobe.multi" ? (byte)1 : (byte)0;
        var targets = TargetText.Split(description.AttachTo);
        if (description.Kind is "kprobe.multi" or "kretprobe.multi" || ProgramSetup.BecomesMulti(description, options))
        {
            yield return !TraceableFunctions.HasMulti ? throw AttachFailure.ExplainMulti(program, Libc.EOPNOTSUPP, "") : Many(program, options, targets, isReturn);
            yield break;
        }

        foreach (var target in targets)
        {
            foreach (var one in TargetText.IsPattern(target) ? Functions(program, [target]).Select(f => f.Name) : [target])
            {
                yield return One(program, options, one, isReturn);
            }
        }
    }

    public static nint AttachSystemCall(BpfProgram program, string name)
    {
        var details = new LibbpfCalls.SystemCallOptions
        {
            Size = (nuint)sizeof(LibbpfCalls.SystemCallOptions),
            IsReturn = program.Description.Kind == "kretsyscall" ? (byte)1 : (byte)0,
        };
        return LibbpfCalls.AttachSystemCall(program.Pointer, name, &details);
    }

    private static LinkHandle One(BpfProgram program, AttachOptions options, string target, byte isReturn)
    {
        var plus = target.IndexOf('+');
        ulong offset = 0;
        if (plus >= 0 && !TargetText.TryOffset(target[(plus + 1)..], out offset))
        {
            throw new BpfLoadException(LoadFault.NoTarget, $"Program '{program.Name}' attaches to '{target}': what follows the plus sign is no number of bytes.") { Program = program.Name };
        }

        return Attacher.One(program, options, () =>
        {
            var details = new LibbpfCalls.KprobeOptions { Size = (nuint)sizeof(LibbpfCalls.KprobeOptions), Offset = (nuint)offset, IsReturn = isReturn };
            return LibbpfCalls.AttachKprobe(program.Pointer, plus < 0 ? target : target[..plus], &details);
        }, target);
    }

    private static LinkHandle Many(BpfProgram program, AttachOptions options, string[] patterns, byte isReturn)
    {
        var addresses = Functions(program, patterns).Select(f => f.Address).ToArray();
        using var scope = LibbpfLog.Capture(options.Log);
        fixed (ulong* start = addresses)
        {
            var details = new LibbpfCalls.KprobeMultiOptions { Size = (nuint)sizeof(LibbpfCalls.KprobeMultiOptions), Addresses = start, Count = (nuint)addresses.Length, IsReturn = isReturn };
            var link = LibbpfCalls.AttachKprobeMulti(program.Pointer, null, &details);
            return link != 0 ? new LinkHandle(link) : throw AttachFailure.ExplainMulti(program, Marshal.GetLastPInvokeError(), scope.Log.Text);
        }
    }

    private static IReadOnlyList<TraceableFunction> Functions(BpfProgram program, string[] patterns)
    {
        var all = new List<TraceableFunction>();
        foreach (var pattern in patterns)
        {
            var found = TraceableFunctions.Matching(pattern);
            all.AddRange(found.Count > 0 ? found : throw AttachFailure.NoTarget(program.Description, pattern, TargetNames.For(program.Description), Libc.ENOENT, ""));
        }

        return [.. all.DistinctBy(f => f.Address)];
    }
}
