namespace Bee.Ebpf;

/// <summary>A record that is too short for its type.</summary>
/// <param name="Map">The map (or the iterator program) it came from, by its name in the object file.</param>
/// <param name="Expected">The size of its type in bytes.</param>
/// <param name="Found">The bytes that came.</param>
public sealed record ShortRecord(string Map, int Expected, int Found);
