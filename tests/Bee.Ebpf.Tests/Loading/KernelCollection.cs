namespace Bee.Ebpf.Tests.Loading;

/// <summary>
/// Kernel tests run one after another, after the other tests. They count threads and fds of this process and sample it and its children, while other
/// tests start children of their own.
/// </summary>
[CollectionDefinition(KernelFactAttribute.Collection, DisableParallelization = true)]
public sealed class KernelCollection;
