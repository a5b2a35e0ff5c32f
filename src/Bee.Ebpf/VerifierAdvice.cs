using System.Text.RegularExpressions;

namespace Bee.Ebpf;

/// <summary>Suggests how to change a program that the verifier rejected, by the text of the verdict.</summary>
internal static partial class VerifierAdvice
{
    // Tried in order: specific patterns before general ones.
    private static readonly (Regex Words, string Advice)[] s_known =
    [
        (Relocation(), "The program reads a field or type that this kernel does not have; guard it with bpf_core_field_exists()."),
        (License(), "The kernel allows this helper only for programs with a GPL-compatible license, such as BEE_LICENSE(\"GPL\")."),
        (Sleeps(), "Only sleepable programs can call this helper or function: sections that end in .s, such as fentry.s, lsm.s, uprobe.s and syscall."),
        (Helper(), "The program calls a helper or kernel function that this kernel does not have, or not for this type of program."),
        (MaybeNull(), "The program dereferences a pointer that may be NULL, such as the result of bpf_map_lookup_elem or bee_reserve; compare it with NULL first."),
        (Unknown(), "The program dereferences an address that the verifier knows nothing about. Read kernel memory with BPF_CORE_READ or bpf_probe_read_kernel, and process memory with bpf_probe_read_user."),
        (Leak(), "Release what the program reserved or acquired on every path, also before an early return: bee_submit or bee_discard for an event."),
        (Return(), "A program of this kind may return only the values that the verdict names. Return one of them on every path, and mask or compare a value that is not a constant."),
        (Pointer(), "The program uses a pointer as a number in arithmetic. Often *p was meant instead of p; only a number with known bounds can be added to a pointer."),
        (Untyped(), "The verifier checks a global function on its own, by the types of its parameters: give each a type with a known size (not void *), return a number, or declare the function static."),
        (Packet(), "The program reads packet data that it has not checked: before reading a header, compare its end with data_end, and return if the end is greater."),
        (Context(), "The program reads its context at an offset, or with a size, that is not allowed for its type. Read whole fields by their names, and do not change the pointer to the context."),
        (ReadOnly(), "The program writes to read-only memory, such as a parameter or a constant. Copy the data to the stack or to a map first."),
        (Bounds(), "The verifier cannot prove that an index or a length is small enough; compare or mask it right before its use."),
        (Depth(), "The stack is limited to 512 bytes for a program and the functions that it calls, and calls to eight levels. Keep large values in a per-CPU array map with one entry."),
        (Loop(), "The verifier follows every iteration of a loop; give the loop a constant bound, or use bpf_loop, and move large parts into functions of their own."),
        (Alignment(), "The program accesses a value at an address that is not a multiple of its size; copy the value with __builtin_memcpy, or read it byte by byte."),
        (Newer(), "The program contains an instruction that this kernel does not support: compile it for an older instruction set, such as -mcpu=v3."),
        (Unset(), "The program reads uninitialized memory: a variable, or the padding of a struct that is passed to a helper. Initialize it with = {} or __builtin_memset."),
        (Argument(), "The program passes a value of the wrong kind to a helper or function: the verdict names the register, its content and the expected kind. R1 is the first argument."),
        (Lock(), "Do not call functions between bpf_spin_lock and bpf_spin_unlock, and unlock on every path."),
        (Unreachable(), "The program contains unreachable instructions, which clang -O2 removes: compile with optimization and without inline assembly that jumps."),
    ];

    /// <summary>Returns a remedy for a verdict; a general one if the verdict is unknown.</summary>
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
