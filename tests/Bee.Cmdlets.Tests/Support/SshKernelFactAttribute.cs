namespace Bee.Cmdlets.Tests;

/// <summary>A test that loads programs on hosts for ssh.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SshKernelFactAttribute : FactAttribute
{
    public SshKernelFactAttribute() => Skip = KernelTests.Obstacle ?? SshHosts.Obstacle;
}
