namespace Bee.VirtualMachine.Kernels;

/// <summary>A kernel's package cannot be had; the message is the reason to skip with.</summary>
internal sealed class KernelMissingException(string message) : Exception(message);
