namespace Bee.Ebpf;

/// <summary>How a check came out.</summary>
public enum CheckState
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>Something will not work, or not for everybody; the message says what.</summary>
    Warning,

    /// <summary>What is needed is missing or wrong.</summary>
    Failed,

    /// <summary>It does not apply here.</summary>
    Skipped,

    /// <summary>Nobody can tell from here, for instance for want of a permission.</summary>
    Unknown,
}

/// <summary>One thing that was checked, and what to do where it is not as it should be.</summary>
/// <param name="Name">What was checked, one word: stable, so that scripts can ask for it.</param>
/// <param name="State">How it came out.</param>
/// <param name="Message">What was found, as a sentence.</param>
public sealed record CheckResult(string Name, CheckState State, string Message)
{
    /// <summary>What to do about it, if need be with the command to type; null where there is nothing to do.</summary>
    public string? Remedy { get; init; }

    /// <summary>What it was checked of: a path, a setting, a program, a map; null where the name says it.</summary>
    public string? Target { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Name}: {State}. {Message}";
}
