using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Bee.Ebpf.Interop;
using Bee.Posix;

namespace Bee.Ebpf.Btf;

/// <summary>
/// A graph of C types in the BPF Type Format: the content of an object's <c>.BTF</c> section, or the running kernel's types. Parsing validates
/// the whole graph. The objects for its types are created on first use, because a kernel has about 100,000 types.
/// </summary>
internal sealed class BtfSpec
{
    /// <summary>The file with the running kernel's own types.</summary>
    public const string KernelPath = "/sys/kernel/btf/vmlinux";

    private Dictionary<(string, BtfKind), uint>? _names;

    private BtfSpec(BtfTable table, BtfSpec? below = null)
    {
        Table = table;
        Base = below;
        Types = new BtfTypeList(this);
    }

    internal BtfTable Table { get; }

    /// <summary>The graph whose ids this one continues, as a kernel module's continues the kernel's; null for a complete graph.</summary>
    public BtfSpec? Base { get; }

    /// <summary>The architecture whose system call numbers and flags the records of these types use; null for this machine's.</summary>
    internal Architecture? Architecture { get; set; }

    /// <summary>The enums whose values differ from the section's (<see cref="BtfEnum.Replace"/>), by the enum's id.</summary>
    internal SortedDictionary<uint, IReadOnlyList<(string Name, long Value)>> ReplacedEnums { get; } = [];

    /// <summary>All types by id, those of <see cref="Base"/> included; id 0 is void.</summary>
    public IReadOnlyList<BtfType> Types { get; }

    /// <summary>Reads a <c>.BTF</c> section.</summary>
    /// <param name="section">The bytes of the section, little-endian. They are copied.</param>
    /// <returns>The graph.</returns>
    /// <exception cref="BpfObjectException">The bytes are not BTF, are damaged, or are big-endian.</exception>
    public static BtfSpec Parse(ReadOnlySpan<byte> section) => new(BtfTable.Parse(section.ToArray(), kernel: false));

    /// <summary>Reads the running kernel's types from <see cref="KernelPath"/>.</summary>
    /// <returns>The graph.</returns>
    /// <exception cref="IOException">The file cannot be read; <see cref="FileNotFoundException"/> on kernels built without BTF.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not read the file.</exception>
    /// <exception cref="BpfObjectException">The kernel's BTF has an unsupported form.</exception>
    public static BtfSpec ReadKernel() => ParseKernel(RegularFile.ReadAllBytes(KernelPath));

    /// <summary>Reads the types of a kernel or of a kernel module. The kernel may be newer than this code, so parts that no reader follows are not validated.</summary>
    /// <param name="section">The bytes of the section. They are kept and must not change.</param>
    /// <param name="below">The kernel's graph, whose ids and strings a module continues; null for a kernel.</param>
    /// <returns>The graph.</returns>
    /// <exception cref="BpfObjectException">The bytes are not BTF, are damaged, or have an unsupported form.</exception>
    public static BtfSpec ParseKernel(byte[] section, BtfSpec? below = null)
    {
        ArgumentNullException.ThrowIfNull(section);
        return new(BtfTable.Parse(section, kernel: true, below?.Table), below);
    }

    /// <summary>Finds a type by its name.</summary>
    /// <param name="name">The name without <c>struct</c>, <c>union</c> or <c>enum</c>.</param>
    /// <param name="kind">The kind of the type.</param>
    /// <returns>The match with the lowest id (in a split graph, its own before those of <see cref="Base"/>), or null.</returns>
    public BtfType? Find(string name, BtfKind kind)
    {
        ArgumentNullException.ThrowIfNull(name);
        return (_names ??= Table.IndexNames()).TryGetValue((name, kind), out var id) ? Types[(int)id] : Base?.Find(name, kind);
    }
}

/// <summary>Converts the BTF of a big-endian machine to little-endian.</summary>
internal static class BtfByteOrder
{
    private const ushort Magic = 0xeb9f;
    private const int HeaderLength = 24;

    /// <summary>Returns whether the bytes begin as raw big-endian BTF.</summary>
    public static bool IsBigEndian(ReadOnlySpan<byte> section) => section.Length >= HeaderLength && BinaryPrimitives.ReadUInt16BigEndian(section) == Magic;

    /// <summary>Returns the same types in little-endian byte order.</summary>
    /// <param name="section">Big-endian BTF, not yet validated.</param>
    /// <returns>A copy with each word swapped. Damage stays in place for the reader to detect.</returns>
    public static byte[] ToLittleEndian(ReadOnlySpan<byte> section)
    {
        byte[] turned = section.ToArray();
        turned.AsSpan(0, 2).Reverse();
        Turn(turned, 4, HeaderLength);

        // Except for the strings, all of it is four-byte words, whatever the kinds of the types are.
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
