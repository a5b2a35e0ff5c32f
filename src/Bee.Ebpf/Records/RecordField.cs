using System.Runtime.InteropServices;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Symbols;

namespace Bee.Ebpf.Records;

/// <summary>One property of an emitted type: its names, its place in the record, and how a view shows it best.</summary>
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

    /// <summary>The property's name: the field's own, with <c>_2</c>, <c>_3</c>, ... behind where another property has it already.</summary>
    public string Name { get; }

    /// <summary>The field's name in C; empty for what the type adds by itself (<c>MapName</c>, <c>Key</c>, ...).</summary>
    public string CName { get; }

    /// <summary>
    /// The name under which a map's metadata describes the field: <see cref="CName"/>, or <see cref="Name"/> of what the type adds by itself (<c>Key</c>, <c>Value</c>).
    /// It is the name of a metric's label too.
    /// </summary>
    public string MetadataName => CName.Length > 0 ? CName : Name;

    /// <summary>Returns what a map's author says about the field; never null.</summary>
    /// <param name="map">The metadata of the field's map.</param>
    public FieldMetadata MetadataIn(MapMetadata map)
    {
        ArgumentNullException.ThrowIfNull(map);
        return map.Fields.GetValueOrDefault(MetadataName) ?? FieldMetadata.None;
    }

    /// <summary>The property's type.</summary>
    public Type ClrType { get; }

    /// <summary>What the value stands for.</summary>
    public FieldMeaning Meaning { get; }

    /// <summary>Where the field begins, in bytes from the record's first (for entries: from the key's or the value's first). A bitfield's first byte.</summary>
    public int Offset { get; }

    /// <summary>How many bytes the field takes; 0 for a flexible array and for what the type adds by itself.</summary>
    public int Size { get; }

    /// <summary>How many columns of text a view should give it, at least 4.</summary>
    public int Width { get; }

    /// <summary>Whether a view should put it to the right, as numbers are.</summary>
    public bool AlignRight { get; }
}

/// <summary>
/// What a field stands for: how its value is made from bytes and how a view shows it. It follows from the field's C type and
/// from typedef names that carry meaning (<c>ipv4_addr</c>, <c>duration</c>, <c>net_port</c>, ... as bee.h has them).
/// </summary>
internal enum FieldMeaning
{
    /// <summary>A number as it is: an integer of any width, <c>__int128</c>, <c>float</c> or <c>double</c>.</summary>
    Number,
    /// <summary><c>bool</c>.</summary>
    Boolean,
    /// <summary>A <c>char</c> array, as text up to its first NUL.</summary>
    Text,
    /// <summary>An IPv4 address, as text.</summary>
    Ipv4,
    /// <summary>An IPv6 address, as text.</summary>
    Ipv6,
    /// <summary>A hardware address, as text: six pairs of hex digits with colons between.</summary>
    Mac,
    /// <summary>A port of TCP or UDP, in host order.</summary>
    Port,
    /// <summary>A length of time in nanoseconds.</summary>
    Duration,
    /// <summary>A moment: a <see cref="DateTime"/> of local kind, made from the kernel's monotonic or boot-time clock.</summary>
    Timestamp,
    /// <summary>An address in memory, as <see cref="ulong"/>.</summary>
    Pointer,
    /// <summary>A C enum, as an emitted CLR enum.</summary>
    Enum,
    /// <summary>A C enum whose values are single bits, as an emitted CLR enum with <see cref="FlagsAttribute"/>.</summary>
    Flags,
    /// <summary>A user's number.</summary>
    UserId,
    /// <summary>A group's number.</summary>
    GroupId,
    /// <summary>A system call of this machine's architecture, as an emitted CLR enum.</summary>
    Syscall,
    /// <summary>An error number of the kernel, as <see cref="Bee.Ebpf.Interop.Errno"/>.</summary>
    Errno,
    /// <summary>A signal's number, as <see cref="Bee.Ebpf.Records.Signal"/>.</summary>
    Signal,
    /// <summary>A size or an amount in bytes.</summary>
    ByteSize,
    /// <summary>An array of unsigned bytes without further meaning.</summary>
    Bytes,
    /// <summary>An array of anything else.</summary>
    Array,
    /// <summary>A nested struct or union, as an object of an emitted type.</summary>
    Object,
    /// <summary>The id of a stack trace, as <see cref="StackTrace"/>; inside of a nested struct, and as a map's key, the number.</summary>
    Stack,
    /// <summary>A <c>char</c> array of words with a NUL behind each, as its author says, as a list of text.</summary>
    Words,
    /// <summary>The flags that a file is opened with, as text: <c>O_WRONLY|O_CREAT</c>.</summary>
    FileFlags,
    /// <summary>A file's mode, as text in the manner of ls: <c>-rw-r--r--</c>.</summary>
    FileMode,
}

/// <summary>The typedef names that carry meaning. bee.h declares them for programs, and Inspektor Gadget's <c>gadget/types.h</c> those with <c>gadget_</c>.</summary>
internal static class TypedefMeaning
{
    /// <summary>The shape of the text that Inspektor Gadget makes beside a number of a type; null where it is that of the type.</summary>
    /// <param name="name">The type's name.</param>
    /// <param name="architecture">The architecture whose numbers records have; null for this machine's.</param>
    public static ValueShape? OfMade(string name, Architecture? architecture) => name switch
    {
        GadgetTypes.FileFlags => new FileBitsShape(FieldMeaning.FileFlags, architecture),
        GadgetTypes.FileMode => new FileBitsShape(FieldMeaning.FileMode),
        _ => null,
    };

    /// <summary>The shape that a typedef's name gives, or null where the name says nothing or does not fit the type below.</summary>
    /// <param name="name">The typedef's name.</param>
    /// <param name="bare">The type below all typedefs and modifiers.</param>
    /// <param name="architecture">The architecture whose numbers records have; null for this machine's.</param>
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
            "syscall_nr" or "gadget_syscall" when size <= 8 => new NamedNumberShape(kind, FieldMeaning.Syscall, architecture),
            _ => null,
        };
    }
}
