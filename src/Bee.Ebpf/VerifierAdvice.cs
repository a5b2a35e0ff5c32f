using System.Text.RegularExpressions;

namespace Bee.Ebpf;

/// <summary>What to change in a program that the verifier rejected, by the words of its verdict.</summary>
internal static partial class VerifierAdvice
{
    // In the order of asking: the special before the general.
    private static readonly (Regex Words, string Advice)[] s_known =
    [
        (Relocation(), "The program reads a field or type that this kernel does not have; guard it with bpf_core_field_exists()."),
        (License(), "The kernel lends this helper only to programs under a license that it knows as compatible with its own, such as BEE_LICENSE(\"GPL\")."),
        (Sleeps(), "Only programs that may sleep call this helper or function: sections that end in .s, such as fentry.s, lsm.s, uprobe.s and syscall."),
        (Helper(), "The program calls a helper or kernel function that this kernel does not have, or not for this type of program."),
        (MaybeNull(), "A pointer that may be NULL is followed; compare it with NULL first, as with what bpf_map_lookup_elem and bee_reserve give."),
        (Unknown(), "The program follows an address that the verifier knows nothing about. The kernel's memory is read with BPF_CORE_READ or bpf_probe_read_kernel, a process's with bpf_probe_read_user."),
        (Leak(), "What was reserved or acquired is given back on every way through the program: bee_submit or bee_discard for an event, also before an early return."),
        (Return(), "A program of this kind may return only the values that the verdict names. Return one of them on every way through the program, and mask or compare a value that is not a constant."),
        (Pointer(), "A pointer is calculated with as if it were a number. Often the value behind it was meant (*p instead of p); what is added to a pointer must be a number with known bounds."),
        (Untyped(), "A global function is verified on its own, by the types of its parameters: give each a type with a size (no void *), return a number, or declare the function static."),
        (Packet(), "The program reads beyond what it has checked of the packet: compare the end of each header with data_end, and return if it lies behind, before the header is read."),
        (Context(), "The program reads its context at a place, or in a size, that programs of this type may not. Read whole fields by their names, and do not change the pointer to the context."),
        (ReadOnly(), "The program writes to memory that it may only read, such as a parameter or a constant; copy it to the stack or to a map first."),
        (Bounds(), "An index or a length may be too large as far as the verifier can see; compare or mask it right before it is used."),
        (Depth(), "The stack of a program and of the functions that it calls has 512 bytes together, and calls nest eight deep. Keep large values in a per-CPU array map with one entry."),
        (Loop(), "The verifier follows every turn of a loop; give it a constant bound, or use bpf_loop, and put what is large into functions of their own."),
        (Alignment(), "A value is read or written at an address that is not a multiple of its size; copy it with __builtin_memcpy, or read it byte by byte."),
        (Newer(), "The program has an instruction that this kernel does not know: compile it for an older version of eBPF, such as -mcpu=v3."),
        (Unset(), "Something is read that nothing was written to: a variable, or padding of a struct that a helper takes. Begin with = {} or __builtin_memset."),
        (Argument(), "A helper or function gets a value of another kind than it takes: the verdict names the register, what it holds and what was expected. R1 is the first argument."),
        (Lock(), "Between bpf_spin_lock and bpf_spin_unlock no function is called, and every way through the program unlocks."),
        (Unreachable(), "Some instructions are never reached; clang -O2 leaves none of them, so compile with optimization and without inline assembly that jumps."),
    ];

    /// <summary>Returns a sentence for a person; where the words say nothing, where to look.</summary>
    /// <param name="verdict">The lines of the verdict.</param>
    public static string For(string verdict) => Array.Find(s_known, known => known.Words.IsMatch(verdict)).Advice
        ?? "The whole log names each instruction with its source line, when the object was compiled with -g.";

    [GeneratedRegex("CO-RE relocation")]
    private static partial Regex Relocation();

    [GeneratedRegex("unknown func|invalid func|(program of this type|this program) cannot use helper|helper call is not allowed|calling kernel function .* is not allowed|invalid kernel function call|kernel function .* (is not|not found)")]
    private static partial Regex Helper();

    [GeneratedRegex("GPL-restricted function from non-GPL|function from a non-GPL")]
    private static partial Regex License();

    [GeneratedRegex("might sleep|must be sleepable|in non-sleepable|is sleepable within")]
    private static partial Regex Sleeps();

    [GeneratedRegex(@"invalid mem access '\w*_or_null'|pointer arithmetic on \w*_or_null|\w+_or_null expected=|Possibly NULL pointer")]
    private static partial Regex MaybeNull();

    [GeneratedRegex("invalid mem access '(scalar|inv)'")]
    private static partial Regex Unknown();

    [GeneratedRegex("Unreleased reference|reference leak|would lead to reference leak")]
    private static partial Regex Leak();

    [GeneratedRegex("At (program exit|async callback return|callback return|subprogram exit) the register|the register R0 (is not a known value|has (unknown scalar|value|smin|smax))|should have been in")]
    private static partial Regex Return();

    [GeneratedRegex(@"bitwise operator .* on pointer|pointer arithmetic (with|on) .*(prohibited|operator)|pointer (operation|comparison) prohibited|subtract(s|ion)? .*pointer|\d+-bit pointer arithmetic prohibited|pointer \+= pointer|tried to (add|subtract)")]
    private static partial Regex Pointer();

    [GeneratedRegex(@"\ACaller passes invalid args into func|Global function \S+ doesn't return|[Aa]rg#\d+ .*(not supported|size cannot be determined)|Arg#\d+ type")]
    private static partial Regex Untyped();

    [GeneratedRegex("invalid access to packet|outside of the packet")]
    private static partial Regex Packet();

    [GeneratedRegex("invalid bpf_context access|dereference of modified ctx ptr|modified ctx|variable ctx access|negative offset ctx ptr|doesn't have \\d+-th argument")]
    private static partial Regex Context();

    [GeneratedRegex("write into map forbidden|cannot write into|only read is supported|cannot write into packet")]
    private static partial Regex ReadOnly();

    [GeneratedRegex("unbounded memory access|min value is (negative|outside)|max value is outside|invalid access to (map (value|key)|memory|buffer)|makes .* pointer be out of bounds|unbounded (variable-offset|min value|min or max)|math between .* pointer|invalid (zero-sized|variable-offset|negative|variable length)|invalid indirect access|invalid (write|access) to stack|variable offset .* access|outside of the allowed memory|index is (too|out)")]
    private static partial Regex Bounds();

    [GeneratedRegex("combined stack size|stack size \\d+ is too large|call stack of \\d+ frames|stack frame.*too (large|deep)|invalid stack (off|type)")]
    private static partial Regex Depth();

    [GeneratedRegex("back-edge|infinite loop|too complex|program is too large|too many states|may_goto")]
    private static partial Regex Loop();

    [GeneratedRegex("misaligned|not aligned")]
    private static partial Regex Alignment();

    [GeneratedRegex("unknown opcode|uses reserved fields|invalid BPF_LD_IMM|unknown insn class")]
    private static partial Regex Newer();

    [GeneratedRegex("!read_ok|invalid (indirect )?read from stack")]
    private static partial Regex Unset();

    [GeneratedRegex(@"type=\w+ expected=|R\d+ (must|has no|is not) |invalid map_ptr|expected pointer to|R\d+ doesn't point|arg \d+")]
    private static partial Regex Argument();

    [GeneratedRegex("bpf_spin_lock|function calls are not allowed while holding a lock|lock-ed region")]
    private static partial Regex Lock();

    [GeneratedRegex("unreachable insn|last insn is not an exit")]
    private static partial Regex Unreachable();
}
