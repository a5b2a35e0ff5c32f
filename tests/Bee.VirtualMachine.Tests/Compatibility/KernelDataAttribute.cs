using System.Reflection;
using Bee.VirtualMachine.Kernels;
using Xunit.Sdk;

namespace Bee.VirtualMachine.Compatibility;

/// <summary>The versions of all kernels. Skipped, with the reason, if one cannot be booted.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class KernelDataAttribute : DataAttribute
{
    /// <summary>Checks the requirements of each kernel.</summary>
    public KernelDataAttribute() => Skip = DebianKernel.All.Select(kernel => Requirements.Obstacle(kernel.Version)).FirstOrDefault(obstacle => obstacle is not null);

    /// <inheritdoc/>
    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => DebianKernel.All.Select(kernel => new object[] { kernel.Version });
}
