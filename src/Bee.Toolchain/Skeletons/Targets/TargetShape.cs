namespace Bee.Toolchain;

/// <summary>What a program's target hands to it.</summary>
/// <param name="Signature">The program's function, with $(function) for its name.</param>
/// <param name="Fields">What can be read of the target's own values.</param>
internal sealed record TargetShape(string Signature, IReadOnlyList<SkeletonField> Fields)
{
    public TargetShape(string signature) : this(signature, [])
    {
    }

    /// <summary>Names of values that are not read, because there are many or they are no plain values.</summary>
    public IReadOnlyList<string> LeftOut { get; init; } = [];

    /// <summary>Headers that the program needs beside bee.h.</summary>
    public IReadOnlyList<string> Include { get; init; } = [];

    /// <summary>Statements for the beginning of the function.</summary>
    public IReadOnlyList<string> Before { get; init; } = [];

    /// <summary>Declarations for the beginning of the function.</summary>
    public IReadOnlyList<string> Locals { get; init; } = [];

    /// <summary>The lines of a struct with the fields.</summary>
    public IEnumerable<string> Notes => LeftOut.Count > 0 ? [$"// There is more to read: {string.Join(", ", LeftOut)}."] : [];
}
