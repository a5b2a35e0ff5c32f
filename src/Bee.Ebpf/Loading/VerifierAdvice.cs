using System.Text.RegularExpressions;

namespace Bee.Ebpf;

/// <summary>What to change in a program that the verifier turned down, by the words of its verdict.</summary>
internal static partial class VerifierAdvice
{
    // In the order of asking: the special before the general.
    private static readonly (Regex Words, string Advice)[] s_known =
    [
        (Relocation(), "The program reads a field or type that this kernel does not have; guard it with bpf_core_field_exists()."),
        (Helper(), "The program calls a helper that this kernel does not have, or not for this type of program."),
        (License(), "The kernel lends this helper only to programs under a license that it knows as compatible with its own, such as BEE_LICENSE(\"GPL\")."),
        (MaybeNull(), "A pointer that may be NULL is followed; compare it with NULL first, as with what bpf_map_lookup_elem and bee_reserve give."),
        (Unknown(), "The program follows an address that the verifier knows nothing about. The kernel's memory is read with BPF_CORE_READ or bpf_probe_read_kernel, a process's with bpf_probe_read_user."),
        (Leak(), "What was reserved or acquired is given back on every way through the program: bee_submit or bee_discard for an event, also before an early return."),
        (Bounds(), "An index or a length may be too large as far as the verifier can see; compare or mask it right before it is used."),
        (Loop(), "The verifier follows every turn of a loop; give it a constant bound, or use bpf_loop, and put what is large into functions of their own."),
        (Unset(), "Something is read that nothing was written to: a variable, or padding of a struct that a helper takes. Begin with = {} or __builtin_memset."),
    ];

    /// <summary>A sentence for a person; where the words say nothing, where to look.</summary>
    /// <param name="verdict">The last lines of the verifier's log.</param>
    public static string For(string verdict) => Array.Find(s_known, known => known.Words.IsMatch(verdict)).Advice
        ?? "The whole log names each instruction with its source line, when the object was compiled with -g.";

    [GeneratedRegex("invalid CO-RE relocation")]
    private static partial Regex Relocation();

    [GeneratedRegex("unknown func|invalid func|program of this type cannot use helper")]
    private static partial Regex Helper();

    [GeneratedRegex("GPL-restricted function from non-GPL|function from a non-GPL")]
    private static partial Regex License();

    [GeneratedRegex(@"invalid mem access '\w*_or_null'|pointer arithmetic on \w*_or_null")]
    private static partial Regex MaybeNull();

    [GeneratedRegex("invalid mem access '(scalar|inv)'")]
    private static partial Regex Unknown();

    [GeneratedRegex("Unreleased reference|reference leak")]
    private static partial Regex Leak();

    [GeneratedRegex("unbounded memory access|min value is (negative|outside)|invalid access to map value|makes .* pointer be out of bounds|unbounded variable-offset")]
    private static partial Regex Bounds();

    [GeneratedRegex("back-edge|infinite loop|too complex|program is too large|too many states")]
    private static partial Regex Loop();

    [GeneratedRegex("!read_ok|invalid (indirect )?read from stack")]
    private static partial Regex Unset();
}
