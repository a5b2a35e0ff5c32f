using System.Text;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Symbols;

namespace Bee.Ebpf.Host;

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
