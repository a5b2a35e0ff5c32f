using System.Reflection;
using Xunit.Sdk;

namespace Bee.VirtualMachine;

/// <summary>The names of all scenarios. Skipped, with the reason, if the kernel cannot be booted.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ScenarioDataAttribute : DataAttribute
{
    /// <summary>Selects the kernel by version.</summary>
    public ScenarioDataAttribute(string kernel) => Skip = Requirements.Obstacle(kernel);

    /// <inheritdoc/>
    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => Project.ScenarioNames.Select(name => new object[] { name });
}
