namespace Bee.Ebpf;

/// <summary>
/// What a field stands for: how its value is made from bytes and how a view shows it. It follows from the field's C type and
/// from typedef names that carry meaning (<c>ipv4_addr</c>, <c>duration</c>, <c>net_port</c>, ... as bee.h has them).
/// </summary>
public enum FieldMeaning
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
    /// <summary>An error number of the kernel, as <see cref="Bee.Ebpf.Errno"/>.</summary>
    Errno,
    /// <summary>A signal's number, as <see cref="Bee.Ebpf.Signal"/>.</summary>
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
}
