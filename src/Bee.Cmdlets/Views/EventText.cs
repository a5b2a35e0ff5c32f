using System.Globalization;
using System.Management.Automation;
using System.Text;
using Bee.Ebpf;

namespace Bee.Cmdlets;

/// <summary>Text for the tables of events and map entries. Every method takes a property's value as it is and never throws.</summary>
public static class EventText
{
    /// <summary>A length of time in its best unit.</summary>
    /// <param name="value">Nanoseconds, in any integer type; a negative one keeps its sign.</param>
    /// <returns>Text such as 1.2ms.</returns>
    public static string Duration(object? value) => Signed(value, FieldText.Duration);

    /// <summary>A size in its best unit.</summary>
    /// <param name="value">Bytes, in any integer type; a negative one keeps its sign.</param>
    /// <returns>Text such as 1.5KiB.</returns>
    public static string ByteSize(object? value) => Signed(value, FieldText.ByteSize);

    /// <summary>A moment's time of day.</summary>
    /// <param name="value">A <see cref="DateTime"/>.</param>
    /// <returns>Text such as 14:03:59.125.</returns>
    public static string TimeOfDay(object? value) => Base(value) is DateTime moment ? FieldText.TimeOfDay(moment) : Line(value);

    /// <summary>An address in memory.</summary>
    /// <param name="value">A number.</param>
    /// <returns>Text such as 0xffff888012345678.</returns>
    public static string Hex(object? value) => Number(value) is { } number ? FieldText.Hex((ulong)(number & ulong.MaxValue)) : string.Empty;

    /// <summary>A user's name.</summary>
    /// <param name="value">The user's number.</param>
    /// <returns>The name, or the number where there is none.</returns>
    public static string User(object? value) => Number(value) is { } number ? FieldText.UserName((uint)(number & uint.MaxValue)) : string.Empty;

    /// <summary>A group's name.</summary>
    /// <param name="value">The group's number.</param>
    /// <returns>The name, or the number where there is none.</returns>
    public static string Group(object? value) => Number(value) is { } number ? FieldText.GroupName((uint)(number & uint.MaxValue)) : string.Empty;

    /// <summary>A system call's name.</summary>
    /// <param name="value">The call's number.</param>
    /// <returns>The name, or the number where it is not known.</returns>
    public static string Syscall(object? value) =>
        Number(value) is { } number && number >= int.MinValue && number <= int.MaxValue ? FieldText.SyscallName((int)number) : Line(value);

    /// <summary>Bytes as hex digits.</summary>
    /// <param name="value">A list of bytes.</param>
    /// <returns>Two digits a byte; of many bytes the first, as no table shows more.</returns>
    public static string Bytes(object? value) =>
        Base(value) is IEnumerable<byte> bytes ? Convert.ToHexString(bytes.Take(64).ToArray()).ToLowerInvariant() : Line(value);

    /// <summary>Words with a blank between.</summary>
    /// <param name="value">A list of text.</param>
    /// <returns>The words on one line.</returns>
    public static string Words(object? value) => Line(Base(value) is IEnumerable<string> words ? string.Join(' ', words) : value);

    /// <summary>The functions of a stack on one line, the innermost first.</summary>
    /// <param name="value">A <see cref="StackTrace"/>, or the id of one.</param>
    /// <returns>Text such as <c>vfs_read, ksys_read, do_syscall_64</c>.</returns>
    public static string Stack(object? value) =>
        Base(value) is StackTrace { Count: > 0 } trace ? Line(string.Join(", ", trace.Select(frame => frame.Symbol ?? frame.ToString()))) : Line(value);

    /// <summary>
    /// Anything else on one line. Control characters show as their pictures: names of files and processes come from whoever runs on the
    /// machine, and must not move the cursor or recolour the terminal.
    /// </summary>
    /// <param name="value">The value.</param>
    /// <returns>Its text.</returns>
    public static string Line(object? value)
    {
        var text = Base(value) switch
        {
            null => string.Empty,
            string s => s,
            IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
            var other => other.ToString() ?? string.Empty,
        };
        foreach (var c in text)
        {
            if (char.IsControl(c))
            {
                return Clean(text);
            }
        }

        return text;
    }

    /// <summary>The fields of an event or entry on one line, for tables that hold several types.</summary>
    /// <param name="record">The event or entry.</param>
    /// <param name="shown">The names of the fields that have a column of their own, commas between.</param>
    /// <returns>Text such as <c>comm=sshd latency=1.2ms</c>.</returns>
    public static string Details(object? record, string shown) => Base(record) is BpfEvent e ? EventDetails.Of(e, shown) : Line(record);

    /// <summary>A field's value as a table shows it.</summary>
    internal static string Of(FieldMeaning meaning, object? value) => meaning switch
    {
        FieldMeaning.Duration => Duration(value),
        FieldMeaning.ByteSize => ByteSize(value),
        FieldMeaning.Timestamp => TimeOfDay(value),
        FieldMeaning.Pointer => Hex(value),
        FieldMeaning.UserId => User(value),
        FieldMeaning.GroupId => Group(value),
        FieldMeaning.Syscall => Syscall(value),
        FieldMeaning.Bytes => Bytes(value),
        FieldMeaning.Stack => Stack(value),
        _ => Line(value),
    };

    private static string Signed(object? value, Func<ulong, string> show)
    {
        if (Number(value) is not { } number)
        {
            return Line(value);
        }

        return number < 0 ? "-" + show((ulong)-number) : show((ulong)number);
    }

    private static string Clean(string text)
    {
        var clean = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            // U+2400 begins the pictures of the characters below a space.
            clean.Append(c < ' ' ? (char)(0x2400 + c) : c == 0x7f ? '\u2421' : char.IsControl(c) ? '\ufffd' : c);
        }

        return clean.ToString();
    }

    private static object? Base(object? value) => value is PSObject wrapped ? wrapped.BaseObject : value;

    private static Int128? Number(object? value) => Base(value) switch
    {
        ulong number => number,
        Enum e => Convert.ToInt64(e, CultureInfo.InvariantCulture),
        byte or sbyte or short or ushort or int or uint or long => Convert.ToInt64(Base(value), CultureInfo.InvariantCulture),
        _ => null,
    };
}
