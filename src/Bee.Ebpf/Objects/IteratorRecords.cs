namespace Bee.Ebpf;

/// <summary>
/// Which struct an iterator writes with <c>bpf_seq_write</c>. It says so by a global variable whose name is <c>iter_record__</c> and the program's
/// name, and whose type is a pointer to the struct: <c>const struct task_entry *iter_record__dump_task;</c> (in bee.h: <c>BEE_ITER_RECORD</c>). The variable's
/// value is never used.
/// </summary>
internal static class IteratorRecords
{
    private const string Prefix = "iter_record__";

    /// <summary>The program with its record: itself where it is no iterator or declares none.</summary>
    public static ProgramDescription Apply(ProgramDescription program, BtfSpec? btf) =>
        program.Kind == ProgramKinds.Iterator
        && btf?.Find(Prefix + program.Name, BtfKind.Variable) is BtfVariable variable
        && variable.Type.Resolve() is BtfPointer pointer
        && pointer.Target.Resolve() is { Size: > 0 } record
            ? program.AsSource(program.DataSource, record)
            : program;
}
