namespace Bee.Ebpf.Tests.Loading;

/// <summary><see cref="KernelFactAttribute"/> with data.</summary>
public sealed class KernelTheoryAttribute : TheoryAttribute
{
    public KernelTheoryAttribute() => Skip = new KernelFactAttribute().Skip;
}
