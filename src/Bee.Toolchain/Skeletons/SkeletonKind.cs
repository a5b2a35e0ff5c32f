namespace Bee.Toolchain;

/// <summary>A kind of program, as a skeleton has it.</summary>
/// <param name="Name">The kind's name: how its section begins.</param>
/// <param name="Subject">The piece that says what the program is about.</param>
/// <param name="When">When it runs, with $(target).</param>
internal sealed record SkeletonKind(string Name, string Subject, string When)
{
    /// <summary>The section's name, with $(target).</summary>
    public string Section { get; init; } = $"{Name}/$(target)";

    /// <summary>What it attaches to where nobody says: something that every machine has. Null where the kind has no target.</summary>
    public string? DefaultTarget { get; init; }

    /// <summary>What the function returns when it wants to change nothing.</summary>
    public string Pass { get; init; } = "0";

    /// <summary>Reads what the target hands over.</summary>
    public required Func<string, TargetShape> Shape { get; init; }
}
