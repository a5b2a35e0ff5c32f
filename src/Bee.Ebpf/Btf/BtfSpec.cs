using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Bee.Ebpf.Interop;
using Bee.Posix;

namespace Bee.Ebpf.Btf;

/// <summary>
/// A graph of C types in the BPF Type Format: the content of an object file's <c>.BTF</c> section, or of the running kernel. It is checked
/// as a whole when it is parsed; the objects for its types are made when they are asked for, so that the kernel's 100,000 types cost little.
/// </summary>
internal sealed class BtfSpec
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

    /// <summary>The architecture whose numbers of system calls and flags records of these types have; null for this machine's.</summary>
    internal Architecture? Architecture { get; set; }

    /// <summary>The values of enums that have others than the section says (<see cref="BtfEnum.Replace"/>), by the enum's id.</summary>
    internal SortedDictionary<uint, IReadOnlyList<(string Name, long Value)>> ReplacedEnums { get; } = [];

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

/// <summary>Turns the BTF of a big-endian machine round, so that it can be read here.</summary>
internal static class BtfByteOrder
{
    private const ushort Magic = 0xeb9f;
    private const int HeaderLength = 24;

    /// <summary>Whether the bytes begin as raw BTF of a big-endian machine.</summary>
    public static bool IsBigEndian(ReadOnlySpan<byte> section) => section.Length >= HeaderLength && BinaryPrimitives.ReadUInt16BigEndian(section) == Magic;

    /// <summary>The same types, little-endian.</summary>
    /// <param name="section">Big-endian BTF; nothing in it is believed yet.</param>
    /// <returns>A copy with each word turned round. Whatever was wrong with it still is, so that its reader finds it.</returns>
    public static byte[] ToLittleEndian(ReadOnlySpan<byte> section)
    {
        byte[] turned = section.ToArray();
        turned.AsSpan(0, 2).Reverse();
        Turn(turned, 4, HeaderLength);

        // Beside the strings all of it is words of four bytes, whatever the kinds of the types are.
        uint header = BinaryPrimitives.ReadUInt32LittleEndian(turned.AsSpan(4));
        ulong start = (ulong)header + BinaryPrimitives.ReadUInt32LittleEndian(turned.AsSpan(8));
        ulong end = start + BinaryPrimitives.ReadUInt32LittleEndian(turned.AsSpan(12));
        if (start >= HeaderLength && end <= (ulong)turned.Length)
        {
            Turn(turned, (int)start, (int)end);
        }

        return turned;
    }

    private static void Turn(byte[] bytes, int start, int end)
    {
        for (int at = start; at + 4 <= end; at += 4)
        {
            bytes.AsSpan(at, 4).Reverse();
        }
    }
}
