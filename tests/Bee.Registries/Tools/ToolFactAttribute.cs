using Xunit;

namespace Bee.Registries;

/// <summary>Marks a test that runs third-party programs. Skips it, with the reason, if one is not available.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ToolFactAttribute : FactAttribute
{
    /// <summary>Requires programs, by their names in <see cref="Tool"/>.</summary>
    public ToolFactAttribute(params string[] tools) => Skip = Tool.Obstacle(tools);
}

/// <summary>Like <see cref="ToolFactAttribute"/>, but only in a full run.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LongToolFactAttribute : FactAttribute
{
    /// <summary>Requires programs, by their names in <see cref="Tool"/>.</summary>
    public LongToolFactAttribute(params string[] tools) =>
        Skip = Environment.GetEnvironmentVariable("BEE_FULL") == "1" ? Tool.Obstacle(tools) : "it takes long: ./build.sh test -Full";
}

/// <summary>Like <see cref="ToolFactAttribute"/>, with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ToolTheoryAttribute : TheoryAttribute
{
    /// <summary>Requires programs, by their names in <see cref="Tool"/>.</summary>
    public ToolTheoryAttribute(params string[] tools) => Skip = Tool.Obstacle(tools);
}
