using System.Reflection;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Bee.Ebpf.Records;

/// <summary>Formats values as short text for tables. Culture-invariant.</summary>
internal static class FieldText
{
    private static readonly string[] s_byteUnits = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>Formats a duration with a suitable unit: <c>812ns</c>, <c>1.2ms</c>, <c>34s</c>, <c>2m05s</c>, <c>3h07m</c>, <c>12d04h</c>.</summary>
    /// <param name="nanoseconds">The duration.</param>
    /// <returns>At most 8 characters for less than three centuries.</returns>
    public static string Duration(ulong nanoseconds)
    {
        const ulong Second = 1_000_000_000;
        return nanoseconds switch
        {
            < 1_000 => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds}ns"),
            < 999_950 => Scaled(nanoseconds, 1_000, "us"),
            < 999_950_000 => Scaled(nanoseconds, 1_000_000, "ms"),
            < 59_950_000_000 => Scaled(nanoseconds, Second, "s"),
            _ => Long((nanoseconds - nanoseconds % Second) / Second + (nanoseconds % Second >= Second / 2 ? 1ul : 0ul)),
        };
    }

    /// <summary>Formats a size with a suitable binary unit and at most one decimal: <c>17B</c>, <c>1.5KiB</c>.</summary>
    /// <param name="bytes">The size in bytes.</param>
    /// <returns>At most 9 characters.</returns>
    public static string ByteSize(ulong bytes)
    {
        var unit = 0;
        double size = bytes;
        // A size that would round to 1024 gets the next unit.
        while (size >= 1023.95 && unit < s_byteUnits.Length - 1)
        {
            size /= 1024;
            unit++;
        }

        return size.ToString(unit == 0 ? "0" : "0.#", CultureInfo.InvariantCulture) + s_byteUnits[unit];
    }

    /// <summary>Formats a number in hex with 0x and without leading zeros.</summary>
    /// <param name="value">The number.</param>
    /// <returns>The text.</returns>
    public static string Hex(ulong value) => "0x" + value.ToString("x", CultureInfo.InvariantCulture);

    /// <summary>Formats the time of day with milliseconds.</summary>
    /// <param name="moment">The time.</param>
    /// <returns><c>HH:mm:ss.fff</c>, 12 characters.</returns>
    public static string TimeOfDay(DateTime moment) => moment.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);

    /// <summary>Formats a time with microseconds and the offset from UTC.</summary>
    /// <param name="moment">The time.</param>
    /// <returns><c>yyyy-MM-dd HH:mm:ss.ffffff zzz</c>.</returns>
    public static string Moment(DateTime moment) => moment.ToString("yyyy-MM-dd HH:mm:ss.ffffff zzz", CultureInfo.InvariantCulture);

    /// <inheritdoc cref="Moment(DateTime)"/>
    public static string Moment(DateTimeOffset moment) => moment.ToString("yyyy-MM-dd HH:mm:ss.ffffff zzz", CultureInfo.InvariantCulture);

    /// <summary>Returns the name of a user, from this machine or, for a captured event, from the machine that it was captured on.</summary>
    /// <param name="id">The id of the user.</param>
    /// <param name="of">The event or entry that contains the id; null for none.</param>
    /// <returns>The name; the id if the user has no name.</returns>
    public static string UserName(uint id, BpfEvent? of = null) => (of?.Host is { } host ? host.User(id) : AccountNames.User(id)) ?? id.ToString(CultureInfo.InvariantCulture);

    /// <summary>Returns the name of a group, from this machine or, for a captured event, from the machine that it was captured on.</summary>
    /// <param name="id">The id of the group.</param>
    /// <param name="of">The event or entry that contains the id; null for none.</param>
    /// <returns>The name; the id if the group has no name.</returns>
    public static string GroupName(uint id, BpfEvent? of = null) => (of?.Host is { } host ? host.Group(id) : AccountNames.Group(id)) ?? id.ToString(CultureInfo.InvariantCulture);

    /// <summary>Returns the name of a system call on this architecture.</summary>
    /// <param name="number">The number of the call.</param>
    /// <returns>The name; the number if it is unknown.</returns>
    public static string SyscallName(int number) => SyscallNames.Of(number) ?? number.ToString(CultureInfo.InvariantCulture);

    private static string Scaled(ulong value, ulong unit, string name) =>
        ((double)value / unit).ToString("0.#", CultureInfo.InvariantCulture) + name;

    private static string Long(ulong seconds) => seconds switch
    {
        < 3600 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60}m{seconds % 60:00}s"),
        < 86_400 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600}h{seconds / 60 % 60:00}m"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / 86_400}d{seconds / 3600 % 24:00}h"),
    };
}

/// <summary>Formats flags and modes of files (uapi/asm-generic/fcntl.h and stat.h of Linux).</summary>
internal static class FileText
{
    private const uint AccessMode = 3, FileType = 0xf000;

    private static (uint Bits, string Name)[] Names(bool onArm, bool onPower) =>
    [
        (0x40, "O_CREAT"), (0x80, "O_EXCL"), (0x100, "O_NOCTTY"), (0x200, "O_TRUNC"), (0x400, "O_APPEND"), (0x800, "O_NONBLOCK"), (0x2000, "FASYNC"),
        (onPower ? 0x20000u : onArm ? 0x10000u : 0x4000, "O_DIRECT"), (onPower ? 0x10000u : onArm ? 0x20000u : 0x8000, "O_LARGEFILE"),
        (onArm || onPower ? 0x4000u : 0x10000, "O_DIRECTORY"), (onArm || onPower ? 0x8000u : 0x20000, "O_NOFOLLOW"),
        (0x40000, "O_NOATIME"), (0x80000, "O_CLOEXEC"), (0x200000, "O_PATH"),
    ];

    // These values include the bits of O_DSYNC and O_DIRECTORY.
    private const uint DataSync = 0x1000, Sync = 0x101000, Temporary = 0x400000;

    // The values of four flags depend on the architecture.
    private static readonly (uint Bits, string Name)[] s_flags = Names(false, false), s_flagsOnArm = Names(true, false), s_flagsOnPower = Names(false, true);

    /// <summary>Formats the flags of open(2), separated by bars: the access mode first, and unknown bits in hex at the end.</summary>
    /// <param name="flags">The flags.</param>
    /// <param name="architecture">The architecture that defines the values.</param>
    public static string Flags(uint flags, Architecture architecture)
    {
        var names = architecture is Architecture.Arm64 or Architecture.Arm ? s_flagsOnArm : architecture is Architecture.Ppc64le ? s_flagsOnPower : s_flags;
        var text = new StringBuilder((flags & AccessMode) switch { 0 => "O_RDONLY", 1 => "O_WRONLY", 2 => "O_RDWR", _ => "O_ACCMODE" });
        var left = flags & ~AccessMode;
        if ((left & Temporary) != 0)
        {
            Take(Temporary | names.First(flag => flag.Name == "O_DIRECTORY").Bits, "O_TMPFILE");
        }

        Take(Sync, "O_SYNC");
        Take(DataSync, "O_DSYNC");
        foreach (var (bits, name) in names)
        {
            Take(bits, name);
        }

        return left == 0 ? text.ToString() : text.Append('|').Append(FieldText.Hex(left)).ToString();

        void Take(uint bits, string name)
        {
            if ((left & bits) == bits)
            {
                text.Append('|').Append(name);
                left &= ~bits;
            }
        }
    }

    /// <summary>Formats a mode as ls does. A mode without a file type begins with <c>-</c>, as that of a regular file.</summary>
    public static string Mode(uint mode)
    {
        Span<char> text = stackalloc char[10];
        text[0] = (mode & FileType) switch
        {
            0x4000 => 'd',
            0xa000 => 'l',
            0x6000 => 'b',
            0x2000 => 'c',
            0x1000 => 'p',
            0xc000 => 's',
            _ => '-',
        };
        for (var i = 0; i < 9; i++)
        {
            text[i + 1] = (mode & (0x100u >> i)) != 0 ? "rwx"[i % 3] : '-';
        }

        Special(text, 3, (mode & 0x800) != 0, 's');
        Special(text, 6, (mode & 0x400) != 0, 's');
        Special(text, 9, (mode & 0x200) != 0, 't');
        return new string(text);
    }

    private static void Special(Span<char> text, int at, bool isSet, char letter)
    {
        if (isSet)
        {
            text[at] = text[at] == 'x' ? letter : char.ToUpperInvariant(letter);
        }
    }
}

/// <summary>Reads the bytes of fields of emitted objects.</summary>
internal static class FieldBytes
{
    private static readonly ConditionalWeakTable<Type, IReadOnlyList<RecordField>> s_fields = new();

    /// <summary>Registers the fields of a type.</summary>
    public static void Keep(Type type, IReadOnlyList<RecordField> fields) => s_fields.AddOrUpdate(type, fields);

    /// <summary>Copies the bytes of a field.</summary>
    /// <param name="item">The event.</param>
    /// <param name="record">The bytes of the event.</param>
    /// <param name="name">The property's name.</param>
    /// <exception cref="ArgumentException">The event has no such field.</exception>
    public static byte[] Of(BpfEvent item, ReadOnlySpan<byte> record, string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        // The class for longer records derives from the type's class.
        var type = item is TruncatedEvent cut ? cut.WholeType() : item.GetType();
        if (!s_fields.TryGetValue(type, out var fields) && !s_fields.TryGetValue(type.BaseType!, out fields))
        {
            throw new ArgumentException($"A {type.Name} does not keep the bytes of its fields. Only events of buffers and iterators do.", nameof(name));
        }

        var field = fields.FirstOrDefault(f => f.Name.Equals(name, StringComparison.OrdinalIgnoreCase) && f.CName.Length > 0)
            ?? throw new ArgumentException($"There is no field '{name}'. The fields are {string.Join(", ", fields.Where(f => f.CName.Length > 0).Select(f => f.Name))}.", nameof(name));
        var start = Math.Min(field.Offset, record.Length);
        return record.Slice(start, Math.Min(field.Size, record.Length - start)).ToArray();
    }
}

/// <summary>Reads fields of emitted objects by name.</summary>
internal static class FieldValues
{
    private static readonly ConcurrentDictionary<Type, Dictionary<string, PropertyInfo>> s_known = new();

    /// <summary>Returns the properties of an emitted type without the inherited indexer.</summary>
    public static PropertyInfo[] Properties(Type type) => Array.FindAll(type.GetProperties(), property => property.GetIndexParameters().Length == 0);

    /// <summary>Returns the value of a field.</summary>
    /// <exception cref="ArgumentException">The object has no such field.</exception>
    public static object? Of(BpfEvent item, string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var known = s_known.GetOrAdd(item.GetType(), static type =>
        {
            var byName = new Dictionary<string, PropertyInfo>(StringComparer.OrdinalIgnoreCase);
            foreach (var property in Properties(type))
            {
                byName.TryAdd(property.Name, property);
            }

            return byName;
        });
        return known.TryGetValue(name, out var found) ? found.GetValue(item)
            : throw new ArgumentException($"There is no field '{name}'. The fields are {string.Join(", ", known.Keys)}.", nameof(name));
    }
}

/// <summary>Formats network and hardware addresses. IPv4 and MAC addresses are formatted without address objects, for speed.</summary>
internal static class AddressText
{
    public static string Ipv4(ReadOnlySpan<byte> bytes)
    {
        Span<char> text = stackalloc char[15];
        var length = 0;
        for (var i = 0; i < 4; i++)
        {
            if (i > 0)
            {
                text[length++] = '.';
            }

            int part = bytes[i];
            if (part >= 100)
            {
                text[length++] = (char)('0' + part / 100);
            }

            if (part >= 10)
            {
                text[length++] = (char)('0' + part / 10 % 10);
            }

            text[length++] = (char)('0' + part % 10);
        }

        return new string(text[..length]);
    }

    public static string Ipv6(ReadOnlySpan<byte> bytes) => new IPAddress(bytes).ToString();

    public static string Mac(ReadOnlySpan<byte> bytes)
    {
        const string Digits = "0123456789abcdef";
        Span<char> text = stackalloc char[17];
        for (var i = 0; i < 6; i++)
        {
            text[3 * i] = Digits[bytes[i] >> 4];
            text[3 * i + 1] = Digits[bytes[i] & 15];
            if (i < 5)
            {
                text[3 * i + 2] = ':';
            }
        }

        return new string(text);
    }
}
