using System.Globalization;
using System.Text;
using Bee.Ebpf.Elf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Symbols;
using Bee.Posix;
using Microsoft.Win32.SafeHandles;

namespace Bee.Ebpf.Links;

/// <summary>
/// Finds the programs and libraries that the targets of a program name. With a process id, it searches the files that the process has mapped, then the process's
/// file system: a container has other files under the same paths, and a file may have been replaced since the process started.
/// </summary>
internal sealed class TargetFiles : IDisposable
{
    private readonly ProgramDescription _program;
    private readonly AttachOptions _options;
    private readonly ProcessMappings? _process;
    private readonly Dictionary<string, TargetFile?> _found = new(StringComparer.Ordinal);
    // Files that the process has not mapped, until a warning has reported them.
    private readonly HashSet<TargetFile> _unmapped = [];

    /// <exception cref="BpfLoadException">The process has exited.</exception>
    public TargetFiles(ProgramDescription program, AttachOptions options)
    {
        _program = program;
        _options = options;
        if (options.ProcessId is { } pid)
        {
            // Also null for a kernel thread, or without permission to inspect the process.
            _process = ProcessMappings.Read(pid);
            if (_process is null && !ProcessMappings.IsAlive(pid))
            {
                throw AttachFailure.NoProcess(program, pid);
            }
        }
    }

    /// <summary>Returns the file that a target names, by its path or by a name that is searched in the mappings of the process, on PATH and among the libraries.</summary>
    /// <returns>The file; null if it does not exist.</returns>
    /// <exception cref="BpfLoadException">The process has exited.</exception>
    public TargetFile? Find(string name)
    {
        if (!_found.TryGetValue(name, out var file))
        {
            _found[name] = file = _options.ProcessId is { } pid ? OfProcess(pid, name) : Own(name);
        }

        return file;
    }

    /// <summary>Returns the file of a target, and warns if the process has not mapped it.</summary>
    /// <exception cref="BpfLoadException">The file does not exist.</exception>
    public TargetFile Existing(string name)
    {
        var file = Find(name) ?? throw AttachFailure.NoFile(_program, Absolute(name), _options.ProcessId);
        // Stacks from there may name the file by its build id.
        SeenFiles.Note(file.Name);
        if (_unmapped.Remove(file))
        {
            _options.Warn?.Invoke($"Process {_options.ProcessId} has not mapped {file.Name}: program '{_program.Name}' sees no events unless the process loads that file later.");
        }

        return file;
    }

    /// <summary>Returns the first library of the program's targets that does not exist; null if all exist.</summary>
    public string? MissingLibrary()
    {
        var isProbe = _program.KindRow.Target == AttachTarget.UserProbe;
        return BinaryTargetText.Split(_program.AttachTo, isProbe ? 2 : 1, (path, place) => isProbe ? UsdtLinks.Look(Find(path), place) : UprobeTarget.Look(Find(path), place))
            .Select(target => target.File).FirstOrDefault(path => path.Length > 0 && BinaryPaths.IsLibrary(path) && Find(path) is null);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var file in _found.Values)
        {
            file?.Dispose();
        }
    }

    private TargetFile? Own(string name)
    {
        var path = IsPath(name) ? Absolute(name) : BinaryPaths.Find(name);
        if (path is not null && RegularFile.IsSpecial(path))
        {
            // Opening a named pipe would block libbpf.
            throw new BpfLoadException(LoadFault.NoTarget, $"Program '{_program.Name}' cannot attach to '{path}', which is not a regular file.") { Program = _program.Name };
        }

        if (path is null || !RegularFile.Exists(path))
        {
            return null;
        }

        using var file = FileFacts.TryOpen(path, out var facts);
        return new TargetFile(path, null, file is null ? null : (facts.Device, facts.Inode));
    }

    private TargetFile? OfProcess(int pid, string name)
    {
        var path = IsPath(name) ? Absolute(name) : null;
        if (path is null && (Mapped(m => Path.GetFileName(m.FilePath) == name) ?? Mapped(m => IsLibrary(Path.GetFileName(m.FilePath), name))) is { } mapping && OpenMapped(pid, mapping) is { } named)
        {
            return named;
        }

        var there = path is null ? BinaryPaths.Candidates(name).Select(candidate => InRoot(pid, candidate)).FirstOrDefault(found => found is not null) : InRoot(pid, path);
        if (there is not null && IsMapped(pid, there))
        {
            return there;
        }

        // A file that was replaced or deleted after the process mapped it keeps its path in the mappings. The path may also be one of this process, such as
        // that of a container's file below the runtime's folder.
        var own = path is not null && Mapped(m => m.FilePath == path) is { } before && OpenMapped(pid, before) is { } replaced ? replaced : Own(name);
        if (own is not null && (there is null || IsMapped(pid, own)))
        {
            there?.Dispose();
            there = own;
        }

        if (!ProcessMappings.IsAlive(pid) || (_process is not null && ProcessMappings.StartOf(pid) != _process.Started))
        {
            there?.Dispose();
            throw AttachFailure.NoProcess(_program, pid);
        }

        if (there is not null && _process is not null && !IsMapped(pid, there))
        {
            _unmapped.Add(there);
        }

        return there;
    }

    private static bool IsPath(string name) => name.Contains('/') || name.StartsWith('~');

    private string Absolute(string path) => path.StartsWith('/') || !IsPath(path) ? path : _options.ResolvePath?.Invoke(_program.Name, path) ?? Path.GetFullPath(path);

    private static TargetFile? InRoot(int pid, string path) =>
        FileFacts.TryOpenInRoot($"/proc/{pid}/root", path, out var facts) is { } file ? new TargetFile(path, file, (facts.Device, facts.Inode)) : null;

    private Mapping? Mapped(Func<Mapping, bool> fits) => _process?.All.FirstOrDefault(m => m.IsFile && fits(m));

    // libc matches libc.so.6, and libc-2.31.so of older distributions.
    private static bool IsLibrary(string file, string name) =>
        file.StartsWith(name, StringComparison.Ordinal) && file.AsSpan(name.Length) is var rest
        && (rest.StartsWith(".so", StringComparison.Ordinal) || (rest.StartsWith("-", StringComparison.Ordinal) && rest.Contains(".so", StringComparison.Ordinal)));

    private static TargetFile? OpenMapped(int pid, Mapping mapping)
    {
        var file = TryOpen(pid, mapping, out var facts);
        return file is null ? null : new TargetFile(mapping.FilePath, file, (facts.Device, facts.Inode));
    }

    private static SafeFileHandle? TryOpen(int pid, Mapping mapping, out FileFacts facts)
    {
        // This link refers to the mapped file even if its path was reused. Only privileged processes can read it.
        if (FileFacts.TryOpen(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/map_files/{mapping.Start:x}-{mapping.End:x}"), out facts) is { } mapped)
        {
            return mapped;
        }

        var file = FileFacts.TryOpenInRoot($"/proc/{pid}/root", mapping.FilePath, out facts);
        if (file is not null && facts.Inode != mapping.Inode)
        {
            file.Dispose();
            return null;
        }

        return file;
    }

    // Compares device and inode of opened files. On overlayfs, /proc/PID/maps shows those of the lower layer, which differ.
    private bool IsMapped(int pid, TargetFile wanted)
    {
        foreach (var mapping in (_process?.All ?? []).Where(m => m.IsFile).DistinctBy(m => (m.Inode, m.Path)))
        {
            using var file = TryOpen(pid, mapping, out var mapped);
            if (file is not null && wanted.Identity.Equals((mapped.Device, mapped.Inode)))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>A program or library that a target names.</summary>
/// <param name="name">The path for messages.</param>
/// <param name="file">The open file if it was found in another process's file system; otherwise null.</param>
/// <param name="identity">Device and inode; null if the file cannot be opened.</param>
internal sealed class TargetFile(string name, SafeFileHandle? file, (ulong Device, ulong Inode)? identity) : IDisposable
{
    private IReadOnlyCollection<BinaryFunction>? _functions;
    private HashSet<string>? _functionNames;
    private IReadOnlyList<StaticProbe>? _probes;

    /// <summary>The path as the process sees it.</summary>
    public string Name { get; } = name;

    /// <summary>The path by which this process, libbpf and the kernel open the file; valid until disposed.</summary>
    public string Path => file is null ? Name : $"/proc/self/fd/{file.DangerousGetHandle()}";

    /// <summary>An object that is equal for two paths of the same file.</summary>
    public object Identity { get; } = identity ?? (object)name;

    /// <summary>The named functions.</summary>
    public IReadOnlyCollection<BinaryFunction> Functions => _functions ??= BinaryFunctions.Of(Path);

    /// <summary>The names of the functions.</summary>
    public IReadOnlySet<string> FunctionNames => _functionNames ??= [.. Functions.Select(f => f.Name)];

    /// <summary>The static probes.</summary>
    public IReadOnlyList<StaticProbe> Probes => _probes ??= StaticProbes.Of(Path);

    /// <summary>The interpreter in the first line of a script; empty for other files that are not ELF; null for an ELF file or an unreadable one.</summary>
    public string? Interpreter
    {
        get
        {
            const int MostBytes = 256;
            using var opened = FileFacts.TryOpen(Path, out _);
            var bytes = new byte[MostBytes];
            if (opened is null || RandomAccess.Read(opened, bytes, 0) is var count && bytes.AsSpan(0, count).StartsWith("\u007fELF"u8))
            {
                return null;
            }

            var first = Encoding.UTF8.GetString(bytes, 0, count).Split('\n')[0];
            return first.StartsWith("#!", StringComparison.Ordinal) ? TerminalText.Clean(first[2..].Trim()) : "";
        }
    }

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    /// <inheritdoc/>
    public void Dispose() => file?.Dispose();
}
