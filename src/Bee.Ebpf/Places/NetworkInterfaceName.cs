namespace Bee.Ebpf;

/// <summary>A network interface.</summary>
/// <param name="Name">Its name, such as <c>eth0</c>.</param>
/// <param name="Index">Its number in its network namespace, from 1.</param>
public readonly record struct NetworkInterfaceName(string Name, int Index);
