namespace Bee.Ebpf;

/// <summary>The bytes of one entry, as the kernel takes them.</summary>
/// <param name="Key">The key; empty for maps without keys.</param>
/// <param name="Value">The value; of maps with one value a CPU all of them, each rounded up to 8 bytes.</param>
public readonly record struct EncodedEntry(byte[] Key, byte[] Value);
