using System.Text;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Symbols;
using Bee.Posix;

namespace Bee.Ebpf.Host;

/// <summary>A kernel that objects are checked against: the running one, or a file with the types of another one.</summary>
internal sealed class TargetKernel
{
    private const string TypesFolder = "/sys/kernel/btf";

    private readonly Lazy<IReadOnlyList<KernelModule>> _modules;

    private readonly Lazy<KernelNames> _names;

    private TargetKernel(string name, BtfSpec? types, bool isRunning, string? problem, Func<IReadOnlyList<KernelModule>> modules)
    {
        Name = name;
        Types = types;
        IsRunning = isRunning;
        Problem = problem;
        _modules = new Lazy<IReadOnlyList<KernelModule>>(modules);
        _names = new Lazy<KernelNames>(() => new KernelNames(this));
    }

    /// <summary>The name in messages: the running kernel's release, or the path of the file.</summary>
    public string Name { get; }

    /// <summary>The kernel's types, or null if it does not expose them.</summary>
    public BtfSpec? Types { get; }

    /// <summary>Why the types are missing, or null.</summary>
    public string? Problem { get; }

    /// <summary>True for the running kernel, which has more information than its types.</summary>
    public bool IsRunning { get; }

    /// <summary>The types of the loaded modules, read on first use; empty for a kernel from a file.</summary>
    public IReadOnlyList<KernelModule> Modules => _modules.Value;

    internal KernelNames Names => _names.Value;

    /// <summary>Returns the running kernel. Nothing is loaded into it.</summary>
    public static TargetKernel Running()
    {
        var release = ReadLine("/proc/sys/kernel/osrelease") ?? "this kernel";
        BtfSpec? types = null;
        string? problem = null;
        try
        {
            types = BtfSpec.ReadKernel();
        }
        catch (FileNotFoundException)
        {
            problem = $"this kernel does not expose its types: {BtfSpec.KernelPath} does not exist (CONFIG_DEBUG_INFO_BTF)";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or BpfObjectException)
        {
            problem = $"the kernel's types cannot be read from {BtfSpec.KernelPath}: {e.Message}";
        }

        return new TargetKernel(release, types, isRunning: true, problem, () => types is null ? [] : ReadModules(types));
    }

    /// <summary>Reads the types of another kernel.</summary>
    /// <param name="path">Raw BTF, or an ELF file with a .BTF section, such as a vmlinux with debug information.</param>
    /// <returns>The kernel.</returns>
    /// <exception cref="BpfObjectException">The file contains no BTF, or its BTF is damaged.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not read the file.</exception>
    public static TargetKernel FromFile(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Directory.Exists(path)
            ? throw Named(new BpfObjectException(ObjectFault.NoBtf, "The path is a folder. Name a file: a copy of a kernel's /sys/kernel/btf/vmlinux, or its vmlinux with debug information."), path)
            : Parse(path, RegularFile.ReadAllBytes(path));
    }

    /// <summary>Parses the content of such a file.</summary>
    internal static TargetKernel Parse(string path, byte[] file)
    {
        try
        {
            var section = BtfSection.Find(file) ?? throw new BpfObjectException(
                ObjectFault.NoBtf, "The file contains no type information (BTF). Name a copy of a kernel's /sys/kernel/btf/vmlinux, or its vmlinux with debug information.");
            return FromTypes(path, BtfSpec.ParseKernel(section.ToArray()));
        }
        catch (InvalidDataException e)
        {
            throw Named(new BpfObjectException(ObjectFault.DamagedElf, e.Message), path);
        }
        catch (BpfObjectException e)
        {
            throw Named(e, path);
        }
    }

    /// <summary>Returns a kernel with types that were read before.</summary>
    /// <param name="name">The name in messages.</param>
    /// <param name="types">The kernel's own types.</param>
    /// <param name="modules">The types of its modules.</param>
    internal static TargetKernel FromTypes(string name, BtfSpec types, params KernelModule[] modules) => new(name, types, isRunning: false, null, () => modules);

    private static List<KernelModule> ReadModules(BtfSpec below)
    {
        var modules = new List<KernelModule>();
        foreach (var file in Directory.EnumerateFiles(TypesFolder).Where(f => f != BtfSpec.KernelPath).Order(StringComparer.Ordinal))
        {
            try
            {
                modules.Add(new KernelModule(Path.GetFileName(file), BtfSpec.ParseKernel(RegularFile.ReadAllBytes(file), below)));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or BpfObjectException)
            {
                // A module may be unloaded meanwhile. Unreadable modules are skipped.
            }
        }

        return modules;
    }

    private static BpfObjectException Named(BpfObjectException fault, string path)
    {
        fault.Name(path);
        return fault;
    }

    private static string? ReadLine(string path)
    {
        try
        {
            return RegularFile.ReadAllText(path).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

/// <summary>A loaded kernel module and its types.</summary>
/// <param name="Name">The module's name.</param>
/// <param name="Types">Its types; their ids continue the kernel's.</param>
internal sealed record KernelModule(string Name, BtfSpec Types);

/// <summary>Looks up names in a kernel: in its types, and for the running kernel also in /proc/kallsyms and tracefs.</summary>
internal sealed class KernelNames(TargetKernel kernel)
{
    private readonly Lazy<IReadOnlyDictionary<string, BtfFunction>> _functions = new(() => Index<BtfFunction>(kernel, BtfKind.Function));
    private readonly Lazy<IReadOnlyDictionary<string, BtfVariable>> _variables = new(() => Index<BtfVariable>(kernel, BtfKind.Variable));
    private readonly Lazy<IReadOnlyDictionary<string, BtfTypedef>> _tracepoints = new(() => Index<BtfTypedef>(kernel, BtfKind.Typedef, Tracepoint));
    private readonly Lazy<HashSet<string>?> _symbols = new(() => kernel.IsRunning ? ReadSymbols() : null);
    private readonly Lazy<HashSet<string>?> _events = new(() => kernel.IsRunning ? ReadEvents() : null);
    private readonly Lazy<HashSet<(BtfSpec, uint)>> _tagged = new(() => ReadTagged(kernel));

    private const string Tracepoint = "btf_trace_";

    public TargetKernel Kernel => kernel;

    /// <summary>The functions in the types of the kernel and its modules, by name.</summary>
    public IReadOnlyDictionary<string, BtfFunction> Functions => _functions.Value;

    /// <summary>The variables in these types; most kernels describe only per-CPU variables.</summary>
    public IReadOnlyDictionary<string, BtfVariable> Variables => _variables.Value;

    /// <summary>The tracepoints by name alone, without those of system calls.</summary>
    public IReadOnlyCollection<string> Tracepoints => (IReadOnlyCollection<string>)_tracepoints.Value.Keys;

    /// <summary>All symbols of the running kernel; null if they cannot be read, and for another kernel.</summary>
    public IReadOnlySet<string>? Symbols => _symbols.Value;

    /// <summary>The tracepoints of the running kernel as <c>category/name</c>; null if they cannot be read, and for another kernel.</summary>
    public IReadOnlySet<string>? Events => _events.Value;

    /// <summary>Returns true if programs may call a kernel function (kfunc); null if the kernel does not mark such functions.</summary>
    public bool? IsOpen(BtfFunction function) => _tagged.Value.Count == 0 ? null : _tagged.Value.Contains((function.Graph, function.Id));

    /// <summary>Returns the enumerators of a kernel enum, by name; null if the kernel has no such enum.</summary>
    public IReadOnlyDictionary<string, long>? Enumerators(string name)
    {
        if (kernel.Types?.Find(name, BtfKind.Enum) is not BtfEnum choice)
        {
            return null;
        }

        var values = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var (text, value) in choice.Values)
        {
            values.TryAdd(text, value);
        }

        return values;
    }

    private static Dictionary<string, T> Index<T>(TargetKernel kernel, BtfKind kind, string prefix = "")
        where T : BtfType
    {
        var found = new Dictionary<string, T>(StringComparer.Ordinal);
        foreach (var (graph, table, id) in Types(kernel, kind))
        {
            if (table.Text(table.NameOffset(id)) is var name && name.StartsWith(prefix, StringComparison.Ordinal))
            {
                found.TryAdd(name[prefix.Length..], (T)graph.Types[(int)id]);
            }
        }

        return found;
    }

    // Since Linux 6.9, the build tags the functions that programs may call.
    private static HashSet<(BtfSpec, uint)> ReadTagged(TargetKernel kernel)
    {
        var tagged = new HashSet<(BtfSpec, uint)>();
        foreach (var (graph, table, id) in Types(kernel, BtfKind.DeclarationTag))
        {
            if (table.TextBytes(table.NameOffset(id)).SequenceEqual("bpf_kfunc"u8))
            {
                var function = graph.Types[(int)table.Target(id)];
                tagged.Add((function.Graph, function.Id));
            }
        }

        return tagged;
    }

    // The kernel's own types first. There are 100,000, so only matches become objects.
    private static IEnumerable<(BtfSpec Graph, BtfTable Table, uint Id)> Types(TargetKernel kernel, BtfKind kind)
    {
        foreach (var graph in kernel.Modules.Select(m => m.Types).Prepend(kernel.Types))
        {
            if (graph?.Table is not { } table)
            {
                continue;
            }

            for (var id = Math.Max(1, table.FirstId); id < table.TypeCount; id++)
            {
                if (table.Kind(id) == kind)
                {
                    yield return (graph, table, id);
                }
            }
        }
    }

    private static HashSet<string>? ReadSymbols()
    {
        try
        {
            var names = new HashSet<string>(StringComparer.Ordinal);
            using var list = KernelSymbolReader.Open();
            while (list.Read())
            {
                names.Add(Encoding.UTF8.GetString(list.Name));
            }

            return names.Count > 0 ? names : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static HashSet<string>? ReadEvents() => KernelTargets.Names("tracepoint") is { Count: > 0 } names ? [.. names] : null;
}
