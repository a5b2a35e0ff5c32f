using System.Runtime.InteropServices;
using System.Text;
using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Programs;
using Bee.Ebpf.Symbols;
using Bee.Posix;

namespace Bee.Ebpf.Links;

/// <summary>Attaches kprobes and kretprobes: one link per function, or one for many functions if the kernel supports that.</summary>
internal static unsafe class KprobeLinks
{
    public static IEnumerable<ILink> Make(BpfProgram program, AttachOptions options)
    {
        var description = Attacher.Targeted(program).Description;
        if (!AttachFailure.HasKprobes)
        {
            throw AttachFailure.NoKprobes(program, Libc.EOPNOTSUPP, "");
        }

        var isReturn = description.KindRow.IsReturn ? (byte)1 : (byte)0;
        var targets = TargetText.Split(description.AttachTo);
        if (program.IsMulti)
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
            IsReturn = program.Description.KindRow.IsReturn ? (byte)1 : (byte)0,
        };
        return LibbpfCalls.bpf_program__attach_ksyscall(program.Pointer, name, &details);
    }

    private static LinkHandle One(BpfProgram program, AttachOptions options, string target, byte isReturn)
    {
        var plus = target.IndexOf('+');
        ulong offset = 0;
        if (plus >= 0 && !TargetText.TryOffset(target[(plus + 1)..], out offset))
        {
            throw new BpfLoadException(LoadFault.NoTarget, $"Program '{program.Name}' attaches to '{target}': the offset after the plus sign is not a number.") { Program = program.Name };
        }

        return Attacher.One(program, options, () =>
        {
            var details = new LibbpfCalls.KprobeOptions { Size = (nuint)sizeof(LibbpfCalls.KprobeOptions), Offset = (nuint)offset, IsReturn = isReturn };
            return LibbpfCalls.bpf_program__attach_kprobe_opts(program.Pointer, plus < 0 ? target : target[..plus], &details);
        }, target);
    }

    private static LinkHandle Many(BpfProgram program, AttachOptions options, string[] patterns, byte isReturn)
    {
        var addresses = Functions(program, patterns).Select(f => f.Address).ToArray();
        using var scope = LibbpfLog.Capture(options.Log);
        fixed (ulong* start = addresses)
        {
            var details = new LibbpfCalls.KprobeMultiOptions { Size = (nuint)sizeof(LibbpfCalls.KprobeMultiOptions), Addresses = start, Count = (nuint)addresses.Length, IsReturn = isReturn };
            var link = LibbpfCalls.bpf_program__attach_kprobe_multi_opts(program.Pointer, null, &details);
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

/// <summary>A function of the running kernel.</summary>
internal readonly record struct TraceableFunction(string Name, ulong Address);

/// <summary>Finds traceable functions of the running kernel by pattern.</summary>
internal static class TraceableFunctions
{
    /// <summary>The kernel function behind links to many functions; it exists only with CONFIG_FPROBE.</summary>
    public const string MultiSymbol = "register_fprobe_ips";

    /// <summary>True if one link can attach to many functions (CONFIG_FPROBE).</summary>
    public static bool HasMulti { get; } = Find(Encoding.UTF8.GetBytes(MultiSymbol));

    /// <summary>Returns the traceable functions that match a pattern; empty if none matches, or the kernel's symbols cannot be read.</summary>
    public static IReadOnlyList<TraceableFunction> Matching(string pattern)
    {
        try
        {
            var traceable = Traceable(pattern);
            var found = new List<TraceableFunction>();
            using var list = KernelSymbolReader.Open();
            while (list.Read())
            {
                if (list.IsCode && list.Address != 0 && Encoding.UTF8.GetString(list.Name) is var name && TargetText.Fits(pattern, name) && traceable?.Contains(name) != false)
                {
                    found.Add(new TraceableFunction(name, list.Address));
                }
            }

            return found;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    // Lines are "name" or "name [module]". If the file cannot be read, every function is taken for traceable.
    private static HashSet<string>? Traceable(string pattern)
    {
        try
        {
            return [.. RegularFile.ReadLines(Path.Combine(Tracefs.Root ?? "", "available_filter_functions")).Select(l => l.Split(' ')[0]).Where(n => TargetText.Fits(pattern, n))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool Find(ReadOnlySpan<byte> symbol)
    {
        try
        {
            using var list = KernelSymbolReader.Open();
            while (list.Read())
            {
                if (list.Name.SequenceEqual(symbol))
                {
                    return true;
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Unknown: one link per function always works.
        }

        return false;
    }
}
