using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Text;
using Bee.Ebpf.Records;
using Bee.Ebpf.Symbols;
using Bee.Posix;

namespace Bee.Cmdlets.Views;

/// <summary>
/// Formats values for the views of events and map entries. Every method accepts a property's value as it is, including deserialized values (Import-Clixml, Receive-Job),
/// and never throws. Control characters are made visible, because names of files and processes come from any user of the machine.
/// </summary>
/// <remarks>PowerShell passes a parameter of type <see cref="PSObject"/> the wrapper, which has the text and type names of deserialized values, and one of type object only the wrapped value.</remarks>
public static class EventText
{
    /// <summary>Formats a duration in its best unit.</summary>
    /// <param name="value">Nanoseconds, in any integer type. A negative number keeps its sign.</param>
    /// <returns>Text such as 1.2ms.</returns>
    public static string Duration(PSObject? value) => Signed(value, FieldText.Duration);

    /// <summary>Formats a size in its best unit.</summary>
    /// <param name="value">Bytes, in any integer type. A negative number keeps its sign.</param>
    /// <returns>Text such as 1.5KiB.</returns>
    public static string ByteSize(PSObject? value) => Signed(value, FieldText.ByteSize);

    /// <summary>Formats the time of day of a timestamp.</summary>
    /// <param name="value">A <see cref="DateTime"/>.</param>
    /// <returns>Text such as 14:03:59.125.</returns>
    public static string TimeOfDay(PSObject? value) => Base(value) is DateTime moment ? FieldText.TimeOfDay(moment) : Line(value);

    /// <summary>Formats a memory address.</summary>
    /// <param name="value">A number.</param>
    /// <returns>Text such as 0xffff888012345678.</returns>
    public static string Hex(PSObject? value) => Number(value) is { } number ? FieldText.Hex((ulong)(number & ulong.MaxValue)) : string.Empty;

    /// <summary>Returns a user's name.</summary>
    /// <param name="value">The user id.</param>
    /// <param name="record">The event or entry with the value. A captured one has the user names of its machine.</param>
    /// <returns>The name, or the number if the user has no name.</returns>
    public static string User(PSObject? value, PSObject? record = null) =>
        Number(value) is { } number ? Line(FieldText.UserName((uint)(number & uint.MaxValue), RemoteRecord.EventOf(record))) : string.Empty;

    /// <summary>Returns a group's name.</summary>
    /// <param name="value">The group id.</param>
    /// <param name="record">The event or entry with the value.</param>
    /// <returns>The name, or the number if the group has no name.</returns>
    public static string Group(PSObject? value, PSObject? record = null) =>
        Number(value) is { } number ? Line(FieldText.GroupName((uint)(number & uint.MaxValue), RemoteRecord.EventOf(record))) : string.Empty;

    /// <summary>Returns bytes as hex digits.</summary>
    /// <param name="value">A list of bytes.</param>
    /// <returns>Two digits per byte. Long lists are cut.</returns>
    public static string Bytes(PSObject? value) => Hexadecimal(value, 64);

    /// <summary>Joins words with blanks.</summary>
    /// <param name="value">A list of text.</param>
    /// <returns>The words on one line.</returns>
    public static string Words(PSObject? value) => Base(value) is IEnumerable list and not string ? TerminalText.Show(string.Join(' ', list.Cast<object?>().Select(word => $"{word}"))) : Line(value);

    /// <summary>Returns the functions of a stack on one line, innermost first, without the frames of the tracing itself.</summary>
    /// <param name="value">A <see cref="StackTrace"/>, or the id of one.</param>
    /// <returns>Text such as <c>vfs_read, ksys_read, do_syscall_64</c>.</returns>
    public static string Stack(PSObject? value) => StackText.Frames(value) is { Count: > 0 } frames
        ? string.Join(", ", StackText.Fold(frames).Select(frame => TerminalText.Show(frame.Symbol ?? frame.Text)))
        : Line(value);

    /// <summary>Returns any other value on one line.</summary>
    /// <param name="value">The value.</param>
    /// <returns>The value's text, independent of the culture.</returns>
    public static string Line(PSObject? value) => TerminalText.Show(Plain(value));

    /// <summary>Returns any other value. Keeps line feeds and tabs.</summary>
    /// <param name="value">The value.</param>
    /// <returns>The value's text, independent of the culture.</returns>
    public static string Lines(PSObject? value) => TerminalText.ShowLines(Plain(value));

    /// <summary>Returns the fields of an event or entry on one line, for tables with several types.</summary>
    /// <param name="record">The event or entry.</param>
    /// <param name="shown">The names of the fields with a column of their own, separated by commas.</param>
    /// <returns>Text such as <c>comm=sshd latency=1.2ms</c>.</returns>
    public static string Details(PSObject? record, string shown = "MapName") => record is null ? string.Empty : EventFields.OnOneLine(record, shown.Split(','));

    /// <summary>Returns the text of a table's last column: the field for the table's own type, or all fields without a column for another type.</summary>
    /// <param name="record">The event or entry.</param>
    /// <param name="type">The full name of the table's type.</param>
    /// <param name="meaning">The name of the field's meaning.</param>
    /// <param name="field">The field's name.</param>
    /// <param name="shown">The names of the fields with a column of their own, separated by commas.</param>
    /// <returns>Text such as <c>/etc/hosts</c>, or <c>print_open: path=/etc/hosts</c>.</returns>
    public static string Last(PSObject? record, string type, string meaning, string field, string shown) => record is null ? string.Empty
        : EventFields.TypeNames(record).Contains(type) ? Of(Meaning(meaning), EventFields.Value(record, field), record)
        : EventFields.OnOneLine(record, shown.Split(',')) is { Length: > 0 } others ? $"{Line(EventFields.Value(record, "MapName"))}: {others}" : Line(EventFields.Value(record, "MapName"));

    /// <summary>Returns the fields of an event or entry, one per line with its name.</summary>
    /// <param name="record">The event or entry.</param>
    /// <returns>The lines.</returns>
    public static string Fields(PSObject? record) => record is null ? string.Empty : EventFields.OnLines(record);

    /// <summary>Formats a field's value for a list: the exact value, followed by a name or a better unit if there is one.</summary>
    /// <param name="meaning">The name of the field's meaning.</param>
    /// <param name="value">The value.</param>
    /// <param name="record">The event or entry with the value.</param>
    /// <returns>Text such as <c>1234567 (1.2ms)</c> or <c>0 (root)</c>.</returns>
    public static string Item(string meaning, PSObject? value, PSObject? record = null) => Item(Meaning(meaning), value, record);

    /// <inheritdoc cref="Item(string, PSObject, PSObject)"/>
    internal static string Item(FieldMeaning meaning, PSObject? value, PSObject? record = null) => meaning switch
    {
        FieldMeaning.Duration or FieldMeaning.ByteSize or FieldMeaning.UserId or FieldMeaning.GroupId when Number(value) is { } number && Of(meaning, value, record) is var text =>
            string.Create(CultureInfo.InvariantCulture, $"{number}") is var exact && (text == exact || text == exact + "ns" || text == exact + "B") ? text : $"{exact} ({text})",
        FieldMeaning.Bytes => Hexadecimal(value, int.MaxValue),
        FieldMeaning.Stack when StackText.Frames(value) is { Count: > 0 } frames => StackText.Lines(frames),
        FieldMeaning.Timestamp => Line(value),
        _ => Of(meaning, value, record),
    };

    // Scripts in views pass the name, because they cannot see the library's internal enum.
    private static FieldMeaning Meaning(string name) => Enum.TryParse(name, out FieldMeaning meaning) ? meaning : default;

    /// <summary>Formats a field's value for a table.</summary>
    internal static string Of(FieldMeaning meaning, PSObject? value, PSObject? record = null) => meaning switch
    {
        FieldMeaning.Duration => Duration(value),
        FieldMeaning.ByteSize => ByteSize(value),
        FieldMeaning.Timestamp => TimeOfDay(value),
        FieldMeaning.Pointer => Hex(value),
        FieldMeaning.UserId => User(value, record),
        FieldMeaning.GroupId => Group(value, record),
        FieldMeaning.Bytes => Bytes(value),
        FieldMeaning.Words => Words(value),
        FieldMeaning.Stack => Stack(value),
        _ => Line(value),
    };

    /// <summary>Wraps a value in a PSObject.</summary>
    internal static PSObject? Wrapped(object? value) => value is null ? null : PSObject.AsPSObject(value);

    /// <summary>Unwraps a PSObject.</summary>
    internal static object? Base(object? value) => value is PSObject wrapped ? wrapped.BaseObject : value;

    private static string Signed(PSObject? value, Func<ulong, string> show)
    {
        if (Number(value) is not { } number)
        {
            return Line(value);
        }

        return number < 0 ? "-" + show((ulong)-number) : show((ulong)number);
    }

    private static string Hexadecimal(PSObject? value, int most)
    {
        if (Base(value) is not IEnumerable list || list is string)
        {
            return Line(value);
        }

        var text = new StringBuilder();
        foreach (object? item in list)
        {
            if (Base(item) is not byte digits)
            {
                return Line(value);
            }

            if (text.Length / 2 == most)
            {
                break;
            }

            text.Append(digits.ToString("x2", CultureInfo.InvariantCulture));
        }

        return text.ToString();
    }

    private static string Plain(object? value)
    {
        // A deserialized object or enum value has kept its text.
        if (value is PSObject wrapped && (wrapped.BaseObject is PSCustomObject || wrapped.TypeNames.Contains("Deserialized.System.Enum")))
        {
            return wrapped.ToString();
        }

        return Base(value) switch
        {
            null => string.Empty,
            string text => text,
            DateTime moment => FieldText.Moment(moment),
            DateTimeOffset moment => FieldText.Moment(moment),
            // Arrays of records and stacks have their own text, but are plain lists after deserialization.
            ArrayList or Array when Base(value) is IEnumerable list => $"[{string.Join(',', list.Cast<object?>().Select(item => Base(item) is string text ? $"\"{text}\"" : Plain(item)))}]",
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            var other => other.ToString() ?? string.Empty,
        };
    }

    private static Int128? Number(object? value) => Base(value) switch
    {
        ulong number => number,
        Enum e => Convert.ToInt64(e, CultureInfo.InvariantCulture),
        byte or sbyte or short or ushort or int or uint or long => Convert.ToInt64(Base(value), CultureInfo.InvariantCulture),
        _ => null,
    };
}
