using Xunit;

namespace Bee.Registries;

/// <summary>A test with other people's programs; skipped, with the reason, where one cannot be had.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ToolFactAttribute : FactAttribute
{
    /// <summary>Needs these, by the names of <see cref="Tool"/>.</summary>
    public ToolFactAttribute(params string[] tools) => Skip = Tool.Obstacle(tools);
}

/// <summary>Like <see cref="ToolFactAttribute"/>, for a full run alone.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LongToolFactAttribute : FactAttribute
{
    /// <summary>Needs these, by the names of <see cref="Tool"/>.</summary>
    public LongToolFactAttribute(params string[] tools) =>
        Skip = Environment.GetEnvironmentVariable("BEE_FULL") == "1" ? Tool.Obstacle(tools) : "it takes long: ./build.sh test -Full";
}

/// <summary>Like <see cref="ToolFactAttribute"/>, with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ToolTheoryAttribute : TheoryAttribute
{
    /// <summary>Needs these, by the names of <see cref="Tool"/>.</summary>
    public ToolTheoryAttribute(params string[] tools) => Skip = Tool.Obstacle(tools);
}
