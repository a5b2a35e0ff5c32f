using System.Runtime.InteropServices;
using System.Text;

namespace Bee.Ebpf;

/// <summary>Attaches uprobes and uretprobes, to all processes or to one; a pattern makes a link for each function that it fits.</summary>
internal static unsafe class UprobeLinks
{
    public static IEnumerable<ILink> Make(BpfProgram program, AttachOptions options)
    {
        using var files = new TargetFiles(program.Description, options);
        var targets = UprobeTarget.All(program.Description, files);
        if (targets is [var (only, target)] && (target.Function is null || !TargetText.IsPattern(target.Function)))
        {
            // libbpf looks the name up: it knows versions of symbols, and files of 32 bits.
            yield return One(program, options, only, target, target.Function, target.Offset);
            yield break;
        }

        // Two names may mean one place, and an event must not come twice.
        var seen = new HashSet<(object File, ulong Place)>();
        foreach (var (file, each) in targets)
        {
            foreach (var place in each.Places(program.Description, file))
            {
                if (seen.Add((file.Identity, place)))
                {
                    yield return One(program, options, file, each, null, place);
                }
            }
        }
    }

    private static LinkHandle One(BpfProgram program, AttachOptions options, TargetFile file, UprobeTarget target, string? function, ulong offset)
    {
        using var scope = LibbpfLog.Capture(options.Log);
        var nameBytes = function is null ? null : Encoding.UTF8.GetBytes(function + '\0');
        fixed (byte* name = nameBytes)
        {
            var details = new LibbpfCalls.UprobeOptions
            {
                Size = (nuint)sizeof(LibbpfCalls.UprobeOptions),
                IsReturn = program.Description.Kind == "uretprobe" ? (byte)1 : (byte)0,
                FunctionName = name,
            };
            // The kernel takes a process by any of its threads: it is the address space that gets the breakpoint.
            var link = LibbpfCalls.AttachUprobe(program.Pointer, options.ProcessId ?? -1, file.Path, (nuint)offset, &details);
            return link != 0 ? new LinkHandle(link) : throw AttachFailure.ExplainUprobe(program, options, file, target, Marshal.GetLastPInvokeError(), scope.Log.Text);
        }
    }
}
