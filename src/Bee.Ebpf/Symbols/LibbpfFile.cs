namespace Bee.Ebpf;

/// <summary>The file of the libbpf that this process uses.</summary>
public static class LibbpfFile
{
    /// <summary>Returns the path that /proc/self/maps has for the loaded library; null where it cannot be read.</summary>
    /// <exception cref="BpfLoadException">As <see cref="Libbpf.Version"/>.</exception>
    public static string? FindPath() => ProcessMappings.Read(Environment.ProcessId)?.Find(Libbpf.Address)?.FilePath;
}
