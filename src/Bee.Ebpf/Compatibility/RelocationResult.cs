namespace Bee.Ebpf;

/// <summary>An instruction that holds a number which depends on the kernel's types (a CO-RE relocation), and what becomes of it.</summary>
public sealed record RelocationResult
{
    /// <summary>The function that the instruction is part of.</summary>
    public required string Function { get; init; }

    /// <summary>The instruction's number in the function, from 0.</summary>
    public required int Instruction { get; init; }

    /// <summary>The relocation's number in its section, from 0, as libbpf's log has it.</summary>
    public required int Number { get; init; }

    /// <summary>What is asked for, in words: <c>offset</c>, <c>size</c>, <c>existence</c>, <c>sign</c>, <c>shift</c>, <c>type id</c>, <c>match</c> or <c>value</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Of what: a type as C names it, and the way to a member or an enumerator, such as <c>struct task_struct.comm[0]</c>.</summary>
    public required string Subject { get; init; }

    /// <summary>The source file as the compiler knew it, or null where the object does not tell.</summary>
    public string? File { get; init; }

    /// <summary>The line in it, or 0.</summary>
    public int Line { get; init; }

    /// <summary>The line's text, or null.</summary>
    public string? SourceText { get; init; }

    /// <summary>What becomes of it.</summary>
    public required RelocationState State { get; init; }

    /// <summary>True for a question to which no is an answer: whether a field, a type or an enumerator exists. Such a relocation is never missing.</summary>
    public bool AsksWhether { get; init; }

    /// <summary>The number that the compiler put into the instruction.</summary>
    public ulong LocalValue { get; init; }

    /// <summary>The number that the loader puts there; 0 for what the kernel lacks.</summary>
    public ulong TargetValue { get; init; }

    /// <summary>Why it is not resolved; for a question with the answer no, why not; else null.</summary>
    public string? Reason { get; init; }

    /// <summary>Names of what the kernel has instead.</summary>
    public IReadOnlyList<string> Near { get; init; } = [];

    /// <summary>
    /// Whether the verifier can come to the instruction on this kernel; false for code behind a question that this kernel answers with no.
    /// </summary>
    public bool IsReached { get; init; }

    /// <summary>The same, if the program's parameters are not changed.</summary>
    public bool IsReachedByDefault { get; init; }

    /// <summary>The place in the source as compilers write it, <c>file:line</c>; else function and instruction.</summary>
    public string Place => File is null ? $"{Function}, instruction {Instruction}" : $"{File}:{Line}";

    internal int Section { get; init; }

    internal int Offset { get; init; }
}
