namespace Bee.Ebpf;

/// <summary>An object in the kernel: its description, its maps and its programs.</summary>
/// <param name="File">The object.</param>
/// <param name="Maps">Its maps, in the object's order.</param>
/// <param name="Programs">Its programs, in the object's order.</param>
internal sealed record LoadedObject(ObjectFile File, IReadOnlyList<BpfMap> Maps, IReadOnlyList<BpfProgram> Programs);
