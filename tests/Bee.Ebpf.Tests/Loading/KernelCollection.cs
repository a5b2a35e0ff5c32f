namespace Bee.Ebpf.Tests.Loading;

/// <summary>
/// Kernel tests run when the others are done, one after the other: they count this process's threads and fds and sample what it and its
/// children do, and other tests start children of their own.
/// </summary>
[CollectionDefinition(KernelFactAttribute.Collection, DisableParallelization = true)]
public sealed class KernelCollection;
