using System.Text;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Symbols;
using Bee.Posix;

namespace Bee.Ebpf.Host;

/// <summary>A kernel that programs are checked against: the running one, or one of which only the types are at hand.</summary>
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

    /// <summary>What to call it: the running kernel's release, or the file's path.</summary>
    public string Name { get; }

    /// <summary>The kernel's types, or null where it shows none.</summary>
    public BtfSpec? Types { get; }

    /// <summary>Why there are no types, or null.</summary>
    public string? Problem { get; }

    /// <summary>True for the kernel that this process runs on, of which more than the types can be asked.</summary>
    public bool IsRunning { get; }

    /// <summary>The types of the loaded modules; none for a kernel from a file. Read when first asked for.</summary>
    public IReadOnlyList<KernelModule> Modules => _modules.Value;

    internal KernelNames Names => _names.Value;

    /// <summary>The kernel that this process runs on. Nothing is loaded into it.</summary>
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
            problem = $"this kernel does not show its types: there is no {BtfSpec.KernelPath} (CONFIG_DEBUG_INFO_BTF)";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or BpfObjectException)
        {
            problem = $"the kernel's types cannot be read from {BtfSpec.KernelPath}: {e.Message}";
        }

        return new TargetKernel(release, types, isRunning: true, problem, () => types is null ? [] : ReadModules(types));
    }

    /// <summary>A kernel of which only the types are at hand.</summary>
    /// <param name="path">Raw BTF, or an ELF file with a .BTF section, such as a vmlinux with debug information.</param>
    /// <returns>The kernel.</returns>
    /// <exception cref="BpfObjectException">The file holds no BTF, or its BTF is damaged.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static TargetKernel FromFile(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Directory.Exists(path)
            ? throw Named(new BpfObjectException(ObjectFault.NoBtf, "It is a folder. Give a file: a copy of a kernel's /sys/kernel/btf/vmlinux, or its vmlinux with debug information."), path)
            : Parse(path, RegularFile.ReadAllBytes(path));
    }

    /// <summary>The same of a file's content.</summary>
    internal static TargetKernel Parse(string path, byte[] file)
    {
        try
        {
            var section = BtfSection.Find(file) ?? throw new BpfObjectException(
                ObjectFault.NoBtf, "The file holds no type information (BTF). Give a copy of a kernel's /sys/kernel/btf/vmlinux, or its vmlinux with debug information.");
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

    /// <summary>A kernel made of types that have been read already.</summary>
    /// <param name="name">What to call it.</param>
    /// <param name="types">The kernel's own types.</param>
    /// <param name="modules">Those of its modules.</param>
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
                // A module may go while it is read, and what cannot be read has no types to offer.
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

/// <summary>A kernel module that is loaded, and its types.</summary>
/// <param name="Name">The module's name.</param>
/// <param name="Types">Its types; their ids continue the kernel's.</param>
internal sealed record KernelModule(string Name, BtfSpec Types);

/// <summary>What a kernel has, by name: from its types, and of the running kernel from /proc/kallsyms and tracefs too.</summary>
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

    /// <summary>The functions that the kernel and its modules describe, by name.</summary>
    public IReadOnlyDictionary<string, BtfFunction> Functions => _functions.Value;

    /// <summary>The variables that they describe; those of one for each CPU, in most kernels.</summary>
    public IReadOnlyDictionary<string, BtfVariable> Variables => _variables.Value;

    /// <summary>The tracepoints by their names alone, without those of system calls.</summary>
    public IReadOnlyCollection<string> Tracepoints => (IReadOnlyCollection<string>)_tracepoints.Value.Keys;

    /// <summary>All symbols of the running kernel, or null where they cannot be read, and for another kernel.</summary>
    public IReadOnlySet<string>? Symbols => _symbols.Value;

    /// <summary>The tracepoints of the running kernel as <c>category/name</c>, or null where they cannot be read, and for another kernel.</summary>
    public IReadOnlySet<string>? Events => _events.Value;

    /// <summary>True for the functions that the kernel opens to programs; null where it does not tell.</summary>
    public bool? IsOpen(BtfFunction function) => _tagged.Value.Count == 0 ? null : _tagged.Value.Contains((function.Graph, function.Id));

    /// <summary>The enumerators of one of the kernel's enums, by name; null where the kernel has no such enum.</summary>
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

    // Since Linux 6.9 the build tags the functions that programs may call.
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

    // Those of the kernel first. There are a hundred thousand: only what is wanted becomes an object.
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
