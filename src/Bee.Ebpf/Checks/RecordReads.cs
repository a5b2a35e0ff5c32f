using Bee.Ebpf.CoRe;
using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Links;
using Bee.Ebpf.Objects;
using Bee.Posix;

namespace Bee.Ebpf.Checks;

/// <summary>
/// Checks whether tracepoint programs read beyond the end of the record. The kernel loads such a program, but attaching it fails with EACCES, as if
/// a permission were missing.
/// </summary>
internal static class RecordReads
{
    /// <summary>Checks the programs that are loaded.</summary>
    /// <param name="file">The object.</param>
    /// <param name="parameters">The parameters with which the object is loaded.</param>
    /// <exception cref="BpfLoadException">A program reads beyond the record of a tracepoint that it attaches to.</exception>
    public static void Check(ObjectFile file, BoundParameters parameters)
    {
        var targets = file.Programs.Where(p => p.AutoLoad && p.KindRow.Method == AttachMethod.Tracepoint)
            .SelectMany(p => TargetText.Split(p.AttachTo).Select(target => (Program: p, Target: target.Replace(':', '/'), Length: AttachFailure.RecordLength(target)))).ToList();
        if (targets.TrueForAll(t => t.Length is null))
        {
            return;
        }

        // Reading the kernel's types is slow, and matters only for conditional code and for fields with relocations.
        var code = ObjectCode.Read(file);
        var reads = new Reachability(code, LoadTimeValues.None).ContextReads;
        if (!targets.Exists(t => IsBeyond(reads, t.Program, t.Length)))
        {
            return;
        }

        reads = new ProgramAnalysis(file, TargetKernel.Running(), parameters).ContextReads;
        if (targets.Find(t => IsBeyond(reads, t.Program, t.Length)) is { Program: { } program } found)
        {
            var read = reads[program.Name];
            throw AttachFailure.BeyondRecord(program, found.Target, Libc.EACCES, "", code.LineAt(read.Section, read.Offset)?.In(file), read.End);
        }
    }

    /// <summary>Returns why a program's reads of a tracepoint's record are invalid, or null.</summary>
    public static (string Message, string Remedy)? Find(CheckContext context, ProgramDescription program, string target)
    {
        if (!IsBeyond(context.Analysis.ContextReads, program, AttachFailure.RecordLength(target)))
        {
            return null;
        }

        var read = context.Analysis.ContextReads[program.Name];
        var fault = AttachFailure.BeyondRecord(program, target, Libc.EACCES, "", context.Analysis.Code.LineAt(read.Section, read.Offset)?.In(context.File), read.End);
        return (fault.Message, fault.Remedy!);
    }

    private static bool IsBeyond(IReadOnlyDictionary<string, ContextRead> reads, ProgramDescription program, int? length) =>
        length is { } bytes && reads.TryGetValue(program.Name, out var read) && read.End > bytes;
}
