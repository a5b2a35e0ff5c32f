using Microsoft.Win32.SafeHandles;

namespace Bee.Ebpf;

/// <summary>A program or library that a target names.</summary>
/// <param name="name">Its path, for messages.</param>
/// <param name="file">The open file where it belongs to another process's view of the file system; otherwise null.</param>
/// <param name="identity">Device and inode; null if the file cannot be opened.</param>
internal sealed class TargetFile(string name, SafeFileHandle? file, (ulong Device, ulong Inode)? identity) : IDisposable
{
    private IReadOnlyCollection<BinaryFunction>? _functions;
    private HashSet<string>? _functionNames;
    private IReadOnlyList<StaticProbe>? _probes;

    /// <summary>Its path as the target's process sees it.</summary>
    public string Name { get; } = name;

    /// <summary>The path under which this process, libbpf and the kernel open the same file; valid until this is disposed of.</summary>
    public string Path => file is null ? Name : $"/proc/self/fd/{file.DangerousGetHandle()}";

    /// <summary>Equal for two paths of one file.</summary>
    public object Identity { get; } = identity ?? (object)name;

    /// <summary>The functions with a name.</summary>
    public IReadOnlyCollection<BinaryFunction> Functions => _functions ??= BinaryFunctions.Of(Path);

    /// <summary>The names of the functions.</summary>
    public IReadOnlySet<string> FunctionNames => _functionNames ??= [.. Functions.Select(f => f.Name)];

    /// <summary>The static probes.</summary>
    public IReadOnlyList<StaticProbe> Probes => _probes ??= StaticProbes.Of(Path);

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    /// <inheritdoc/>
    public void Dispose() => file?.Dispose();
}
