using Bee.Ebpf.Objects;

namespace Bee.Toolchain;

/// <summary>A kind of program, as a skeleton has it.</summary>
/// <param name="Name">The kind's name in <see cref="ProgramKinds"/>.</param>
/// <param name="Subject">The piece that says what the program is about: whom to leave out, what tells one from another, what to measure.</param>
internal sealed record SkeletonKind(string Name, string Subject)
{
    /// <summary>What Bee knows of the kind.</summary>
    public ProgramKind Kind { get; } = ProgramKinds.Find(Name) ?? throw new ArgumentException($"Bee runs no {Name}.", nameof(Name));

    /// <summary>What it attaches to where nobody says: something that every machine has. Null where its section names nothing.</summary>
    public string? DefaultTarget { get; init; }

    /// <summary>What the function returns when it wants to change nothing.</summary>
    public string Pass { get; init; } = "0";

    /// <summary>Reads what a target hands over.</summary>
    public required Func<string, TargetShape> Shape { get; init; }

    /// <summary>The section's name.</summary>
    public string Section(string target) => Kind.HasTargetInSection ? $"{Name}/{target}" : Name;

    /// <summary>Other names for it, as sections have them.</summary>
    public bool IsCalled(string name)
    {
        string full = name.ToLowerInvariant() switch
        {
            "tp" => "tracepoint",
            "raw_tp" => "raw_tracepoint",
            "raw_tp.w" => "raw_tracepoint.w",
            var other => other,
        };
        return full == Name;
    }
}
