using Bee.Ebpf.Interop;
using Bee.Posix;

namespace Bee.Ebpf.Btf;

/// <summary>
/// A graph of C types in the BPF Type Format: the content of an object file's <c>.BTF</c> section, or of the running kernel. It is checked
/// as a whole when it is parsed; the objects for its types are made when they are asked for, so that the kernel's 100,000 types cost little.
/// </summary>
public sealed class BtfSpec
{
    /// <summary>Where the running kernel shows its own types.</summary>
    public const string KernelPath = "/sys/kernel/btf/vmlinux";

    private Dictionary<(string, BtfKind), uint>? _names;

    private BtfSpec(BtfTable table, BtfSpec? below = null)
    {
        Table = table;
        Base = below;
        Types = new BtfTypeList(this);
    }

    internal BtfTable Table { get; }

    /// <summary>The graph whose ids this one continues, as a kernel module's continues the kernel's; null for one that stands alone.</summary>
    public BtfSpec? Base { get; }

    /// <summary>All types by id, those of <see cref="Base"/> included; id 0 is void.</summary>
    public IReadOnlyList<BtfType> Types { get; }

    /// <summary>Reads a <c>.BTF</c> section.</summary>
    /// <param name="section">The section's bytes, little-endian; they are copied.</param>
    /// <returns>The graph.</returns>
    /// <exception cref="BpfObjectException">The bytes are no BTF, are damaged, or are big-endian.</exception>
    public static BtfSpec Parse(ReadOnlySpan<byte> section) => new(BtfTable.Parse(section.ToArray(), kernel: false));

    /// <summary>Reads the running kernel's types from <see cref="KernelPath"/>.</summary>
    /// <returns>The graph.</returns>
    /// <exception cref="IOException">The file cannot be read; <see cref="FileNotFoundException"/> on kernels built without BTF.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    /// <exception cref="BpfObjectException">The kernel's BTF has a form that is not known here.</exception>
    public static BtfSpec ReadKernel() => ParseKernel(RegularFile.ReadAllBytes(KernelPath));

    /// <summary>Reads a kernel's types, or those of one of its modules. A kernel may be newer than this code: what readers do not follow is not checked.</summary>
    /// <param name="section">The section's bytes; they are kept and must not change.</param>
    /// <param name="below">For a module the kernel's own graph, whose ids and strings it continues; else null.</param>
    /// <returns>The graph.</returns>
    /// <exception cref="BpfObjectException">The bytes are no BTF, are damaged, or have a form that is not known here.</exception>
    public static BtfSpec ParseKernel(byte[] section, BtfSpec? below = null)
    {
        ArgumentNullException.ThrowIfNull(section);
        return new(BtfTable.Parse(section, kernel: true, below?.Table), below);
    }

    /// <summary>Finds a type by its name.</summary>
    /// <param name="name">The name without <c>struct</c>, <c>union</c> or <c>enum</c>.</param>
    /// <param name="kind">The kind it must have.</param>
    /// <returns>The one with the lowest id (of a split graph's own, before those of <see cref="Base"/>), or null when there is none.</returns>
    public BtfType? Find(string name, BtfKind kind)
    {
        ArgumentNullException.ThrowIfNull(name);
        return (_names ??= Table.IndexNames()).TryGetValue((name, kind), out var id) ? Types[(int)id] : Base?.Find(name, kind);
    }
}
