using System.Text.RegularExpressions;

namespace Bee.Toolchain.Diagnostics;

/// <summary>Translates errors of clang's code generator, which name LLVM internals and clang's own failure, into terms of the source.</summary>
internal static partial class BackendErrors
{
    // In search order: special cases before general ones.
    private static readonly (Regex Words, string Remedy)[] s_known =
    [
        (SignedDivision(), "Use unsigned division. clang 18 and later divide signed numbers with -mcpu=v4, for Linux 6.6 and later."),
        (StackLimit(), "A program's stack has 512 bytes. Keep large values in a per-CPU array map with one entry, or reserve events in a ring buffer."),
        (StackAllocation(), "The length of an array on the stack must be a constant."),
        (Arguments(), "A function takes five arguments at most: pass a pointer to a struct, or declare the function static __always_inline."),
        (Signature(), "A function takes a fixed number of arguments and returns a number or a pointer; one that is static __always_inline may return a struct."),
        (Atomic(), "Atomic operations work on 32 and 64 bits; some of those on 32 bits need -mcpu=v3."),
        (MemoryFunction(), "The length argument must be a small constant; copy more with bpf_probe_read_kernel or in a bounded loop."),
        (FloatingPoint(), "eBPF has no floating-point numbers; calculate with integers, such as nanoseconds or thousandths."),
        (WideInteger(), "eBPF has no numbers of 128 bits to multiply or divide."),
        (IndirectJump(), "eBPF has no computed jumps: write a switch, or compile with -fno-jump-tables."),
    ];

    /// <summary>Returns the diagnostics with one error per unsupported operation of the source.</summary>
    /// <param name="diagnostics">The diagnostics of clang.</param>
    /// <param name="folder">The folder in which clang ran: relative names start there.</param>
    internal static IReadOnlyList<Diagnostic> Explain(IReadOnlyList<Diagnostic> diagnostics, string folder)
    {
        var found = new List<Diagnostic>();
        foreach (var item in diagnostics)
        {
            if (item.Severity != DiagnosticSeverity.Error)
            {
                found.Add(item);
            }
            else if (Backend().Match(item.Message) is { Success: true } match)
            {
                // If the code generator explains itself in a preceding error, that error has the same position.
                var fault = Located(item, match.Groups["text"].Value, folder);
                if (!found.Exists(other => other.Severity == DiagnosticSeverity.Error && other.Line == fault.Line && other.Column == fault.Column))
                {
                    found.Add(fault);
                }
            }
            else if (!(Frontend().IsMatch(item.Message) && found.Exists(IsError)))
            {
                Add(found, item);
            }
        }

        return found;
    }

    private static void Add(List<Diagnostic> found, Diagnostic item)
    {
        var remedy = item.Remedy ?? Remedy(item.Message);
        // The stack limit is reported for each variable beyond it.
        if (!(StackLimit().IsMatch(item.Message) && found.Exists(other => other.Message == item.Message)) && !found.Exists(other => other.ToString() == item.ToString()))
        {
            found.Add(item with { Message = Node().Replace(item.Message, "'$1'"), Remedy = remedy, Notes = [.. item.Notes.Where(note => !NoLocation().IsMatch(note.Message))] });
        }
    }

    private static Diagnostic Located(Diagnostic item, string text, string folder)
    {
        var function = Function().Match(item.Message) is { Success: true } found ? found.Groups["name"].Value : null;
        if (Operation().Match(text) is not { Success: true } operation)
        {
            return item with { Message = text.Split('\n')[0], Remedy = Remedy(text) };
        }

        var name = operation.Groups["name"].Value;
        var place = operation.Groups["file"];
        return item with
        {
            File = place.Success ? Path.GetFullPath(Path.Combine(folder, place.Value)) : null,
            Line = place.Success ? int.Parse(operation.Groups["line"].ValueSpan, provider: null) : 0,
            Column = place.Success ? int.Parse(operation.Groups["column"].ValueSpan, provider: null) : 0,
            Message = (SignedDivision().IsMatch(name) ? "this eBPF instruction set has no signed division" : $"eBPF has no instruction for this operation ({name})")
                + (function is null ? "" : $", in function '{function}'"),
            Remedy = Remedy(name),
        };
    }

    private static string? Remedy(string message) => Array.Find(s_known, known => known.Words.IsMatch(message)).Remedy;

    private static bool IsError(Diagnostic item) => item.Severity == DiagnosticSeverity.Error;

    [GeneratedRegex(@"\Aerror in backend: (?<text>.*)\z", RegexOptions.Singleline)]
    private static partial Regex Backend();

    // "Cannot select: 0x2ad46850: i64 = sdiv 0x2ad467e8, 0x2ad46510, p4.bpf.c:4:56", then the operands on lines of their own.
    [GeneratedRegex(@"\ACannot select: \w+: [\w,]+ = (?<name>[\w:]+)[^\n]*?(, (?<file>[^,\n]+?):(?<line>\d{1,9}):(?<column>\d{1,9}))?(\n|\z)")]
    private static partial Regex Operation();

    // "too many args to 0x2b0ae5b8: i64 = GlobalAddress<i32 (i32, i32)* @called> 0, tool.bpf.c:4:56"
    [GeneratedRegex(@"\b0x[0-9a-f]+: \w+ = [^\n]*@(\w+)[^\n]*")]
    private static partial Regex Node();

    [GeneratedRegex(@"^In function: (?<name>\S+)", RegexOptions.Multiline)]
    private static partial Regex Function();

    [GeneratedRegex("^clang frontend command failed")]
    private static partial Regex Frontend();

    [GeneratedRegex("^could not determine the original source location")]
    private static partial Regex NoLocation();

    [GeneratedRegex(@"^s(div|rem)\b|signed division", RegexOptions.IgnoreCase)]
    private static partial Regex SignedDivision();

    [GeneratedRegex("BPF stack limit")]
    private static partial Regex StackLimit();

    [GeneratedRegex("dynamic stack allocation")]
    private static partial Regex StackAllocation();

    [GeneratedRegex("too many arg", RegexOptions.IgnoreCase)]
    private static partial Regex Arguments();

    [GeneratedRegex("VarArgs or StructRet|only small returns|variadic functions|aggregate returns")]
    private static partial Regex Signature();

    [GeneratedRegex("nsupported atomic|^Atomic")]
    private static partial Regex Atomic();

    [GeneratedRegex(@"built-in function '(mem\w+|str\w+)'")]
    private static partial Regex MemoryFunction();

    [GeneratedRegex(@"built-in function '__\w+[sd]f\w*'")]
    private static partial Regex FloatingPoint();

    [GeneratedRegex(@"built-in function '__\w+ti\w*'")]
    private static partial Regex WideInteger();

    [GeneratedRegex("^br(ind|_jt)")]
    private static partial Regex IndirectJump();
}
