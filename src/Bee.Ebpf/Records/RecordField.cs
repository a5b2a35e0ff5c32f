using System.Runtime.InteropServices;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Symbols;

namespace Bee.Ebpf.Records;

/// <summary>A property of an emitted type: its names, its position in the record, and its format in a view.</summary>
internal sealed class RecordField
{
    internal RecordField(string name, string cName, Type clrType, FieldMeaning meaning, int offset, int size, int width, bool alignRight)
    {
        Name = name;
        CName = cName;
        ClrType = clrType;
        Meaning = meaning;
        Offset = offset;
        Size = size;
        Width = width;
        AlignRight = alignRight;
    }

    /// <summary>Whether the property is one of <see cref="RecordExtras"/>, and not part of the record.</summary>
    public bool IsExtra { get; init; }

    /// <summary>The name of the property: the name in C, with <c>_2</c>, <c>_3</c>, … if another property has it.</summary>
    public string Name { get; }

    /// <summary>The name in C; empty for properties that the type adds (<c>MapName</c>, <c>Key</c>, …).</summary>
    public string CName { get; }

    /// <summary>The name of the field in metadata and of the label in metrics: <see cref="CName"/>, or <see cref="Name"/> for properties that the type adds (<c>Key</c>, <c>Value</c>).</summary>
    public string MetadataName => CName.Length > 0 ? CName : Name;

    /// <summary>Returns the metadata of the field; never null.</summary>
    /// <param name="map">The metadata of the map.</param>
    public FieldMetadata MetadataIn(MapMetadata map)
    {
        ArgumentNullException.ThrowIfNull(map);
        return map.Fields.GetValueOrDefault(MetadataName) ?? FieldMetadata.None;
    }

    /// <summary>The type of the property.</summary>
    public Type ClrType { get; }

    /// <summary>The meaning of the value.</summary>
    public FieldMeaning Meaning { get; }

    /// <summary>The offset of the field in bytes from the start of the record, key or value; of a bit field, the offset of its first byte.</summary>
    public int Offset { get; }

    /// <summary>The size of the field in bytes; 0 for a flexible array and for properties that the type adds.</summary>
    public int Size { get; }

    /// <summary>The number of columns that a view should use, at least 4.</summary>
    public int Width { get; }

    /// <summary>Whether a view should align the value to the right, as numbers are.</summary>
    public bool AlignRight { get; }
}

/// <summary>
/// The meaning of a field, which determines how its value is decoded and shown. It follows from the C type and from typedef names with a meaning (<c>ipv4_addr</c>, <c>duration</c>,
/// <c>net_port</c>, …, as in bee.h).
/// </summary>
internal enum FieldMeaning
{
    /// <summary>A plain number: an integer, <c>__int128</c>, <c>float</c> or <c>double</c>.</summary>
    Number,
    /// <summary><c>bool</c>.</summary>
    Boolean,
    /// <summary>A <c>char</c> array, as text up to the first NUL.</summary>
    Text,
    /// <summary>An IPv4 address, as text.</summary>
    Ipv4,
    /// <summary>An IPv6 address, as text.</summary>
    Ipv6,
    /// <summary>A MAC address, as six pairs of hex digits separated by colons.</summary>
    Mac,
    /// <summary>A TCP or UDP port, in host byte order.</summary>
    Port,
    /// <summary>A duration in nanoseconds.</summary>
    Duration,
    /// <summary>A time, as a local <see cref="DateTime"/>, from the kernel's monotonic or boot-time clock.</summary>
    Timestamp,
    /// <summary>A memory address, as <see cref="ulong"/>.</summary>
    Pointer,
    /// <summary>A C enum, as an emitted CLR enum.</summary>
    Enum,
    /// <summary>A C enum whose values are single bits, as an emitted CLR enum with <see cref="FlagsAttribute"/>.</summary>
    Flags,
    /// <summary>The id of a user.</summary>
    UserId,
    /// <summary>The id of a group.</summary>
    GroupId,
    /// <summary>A system call of this architecture, as an emitted CLR enum.</summary>
    Syscall,
    /// <summary>An error number of the kernel, as <see cref="Bee.Ebpf.Interop.Errno"/>.</summary>
    Errno,
    /// <summary>A signal number, as <see cref="Bee.Ebpf.Records.Signal"/>.</summary>
    Signal,
    /// <summary>A number of bytes.</summary>
    ByteSize,
    /// <summary>An array of unsigned bytes.</summary>
    Bytes,
    /// <summary>Another array.</summary>
    Array,
    /// <summary>A nested struct or union, as an object of an emitted type.</summary>
    Object,
    /// <summary>The id of a stack, as <see cref="StackTrace"/>; in a nested struct and as a map's key, as a number.</summary>
    Stack,
    /// <summary>A <c>char</c> array that metadata describes as words, which end with a NUL each; as a list of text.</summary>
    Words,
    /// <summary>The flags of open(2), as text: <c>O_WRONLY|O_CREAT</c>.</summary>
    FileFlags,
    /// <summary>The mode of a file, as text in the format of ls: <c>-rw-r--r--</c>.</summary>
    FileMode,
    /// <summary>The id of a cgroup (v2), as a number.</summary>
    CgroupId,
    /// <summary>The id of a mount namespace, as a number.</summary>
    MountNamespaceId,
}

/// <summary>Typedef names with a meaning. bee.h declares them, and gadget/types.h of Inspektor Gadget declares those with <c>gadget_</c>.</summary>
internal static class TypedefMeaning
{
    /// <summary>Returns the shape of the text that Inspektor Gadget shows beside a number; null if it is the shape of the type.</summary>
    /// <param name="name">The name of the type.</param>
    /// <param name="architecture">The architecture of the records; null for this one.</param>
    public static ValueShape? OfMade(string name, Architecture? architecture) => name switch
    {
        GadgetTypes.FileFlags => new FileBitsShape(FieldMeaning.FileFlags, architecture),
        GadgetTypes.FileMode => new FileBitsShape(FieldMeaning.FileMode),
        _ => null,
    };

    /// <summary>Returns the shape for a typedef; null if its name has no meaning, or does not fit the type.</summary>
    /// <param name="name">The name of the typedef.</param>
    /// <param name="bare">The type without typedefs and modifiers.</param>
    /// <param name="architecture">The architecture of the records; null for this one.</param>
    public static ValueShape? Of(string name, BtfType bare, Architecture? architecture = null)
    {
        var size = bare.Size;
        switch (name)
        {
            case "ipv4_addr" when size == 4:
            case "ipv6_addr" when size == 4:
                return new AddressShape(FieldMeaning.Ipv4, 4);
            case "ipv6_addr" when size == 16:
                return new AddressShape(FieldMeaning.Ipv6, 16);
            case "mac_addr" when size == 6:
                return new AddressShape(FieldMeaning.Mac, 6);
        }

        if (bare is not BtfInt { IsBool: false } integer || Numbers.Integer(size, integer.IsSigned) is not { } kind || integer.Bits != size * 8)
        {
            return null;
        }

        return name switch
        {
            "net_port" or "be16" or "__be16" when size == 2 => new NumberShape(NumberKind.UInt16, FieldMeaning.Port, BigEndian: true),
            "be32" or "__be32" when size == 4 => new NumberShape(NumberKind.UInt32, FieldMeaning.Number, BigEndian: true),
            "be64" or "__be64" when size == 8 => new NumberShape(NumberKind.UInt64, FieldMeaning.Number, BigEndian: true),
            "ktime" when size == 8 => new MomentShape(BootTime: false),
            "boottime" or "gadget_timestamp" when size == 8 => new MomentShape(BootTime: true),
            "errno_value" or "gadget_errno" when size is 4 or 8 => new NamedNumberShape(kind, FieldMeaning.Errno),
            "signal_nr" or "gadget_signal" when size <= 8 => new NamedNumberShape(kind, FieldMeaning.Signal),
            "duration" or "gadget_duration" when size <= 8 => new NumberShape(kind, FieldMeaning.Duration),
            "byte_size" or "gadget_bytes" when size <= 8 => new NumberShape(kind, FieldMeaning.ByteSize),
            "uid_t" or "gadget_uid" when size <= 4 => new NumberShape(kind, FieldMeaning.UserId),
            "gid_t" or "gadget_gid" when size <= 4 => new NumberShape(kind, FieldMeaning.GroupId),
            "stack_id" or "kernel_stack_id" or "user_stack_id" or "gadget_kernel_stack" when size == 4 => new NumberShape(NumberKind.Int32, FieldMeaning.Stack),
            "cgroup_id" when size == 8 => new NumberShape(kind, FieldMeaning.CgroupId),
            "mntns_id" or "gadget_mntns_id" when size is 4 or 8 => new NumberShape(kind, FieldMeaning.MountNamespaceId),
            "syscall_nr" or "gadget_syscall" when size <= 8 => new NamedNumberShape(kind, FieldMeaning.Syscall, architecture),
            _ => null,
        };
    }
}
