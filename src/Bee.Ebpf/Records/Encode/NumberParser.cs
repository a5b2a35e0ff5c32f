using System.Globalization;
using System.Numerics;

namespace Bee.Ebpf;

/// <summary>Numbers that people give by what they mean. What cannot be read throws an <see cref="EncodeException"/> that says what is wanted.</summary>
internal static class NumberParser
{
    /// <summary>A number by what it means: a time span, the name of a user or group, a stack; or as a number.</summary>
    public static BigInteger Parse(FieldMeaning meaning, object? value) => (meaning, value) switch
    {
        (FieldMeaning.Duration, TimeSpan span) => (BigInteger)span.Ticks * 100,
        (FieldMeaning.Duration, string text) when DurationParser.TryParse(text, out var nanoseconds) => nanoseconds,
        (FieldMeaning.Duration, _) => IntegerParser.Parse(value, "a time span, a number of nanoseconds, or text such as '1.5ms'"),
        (FieldMeaning.UserId, string name) when AccountNames.UserId(name) is { } id => id,
        (FieldMeaning.UserId, _) => IntegerParser.Parse(value, "a user's name or number"),
        (FieldMeaning.GroupId, string name) when AccountNames.GroupId(name) is { } id => id,
        (FieldMeaning.GroupId, _) => IntegerParser.Parse(value, "a group's name or number"),
        (FieldMeaning.Stack, StackTrace { Id: { } id }) => id,
        (FieldMeaning.Stack, _) => IntegerParser.Parse(value, "the id of a stack"),
        _ => IntegerParser.Parse(value, "a whole number"),
    };

    /// <summary>The number of an error, signal or system call by its name, or as a number.</summary>
    public static BigInteger Parse(NamedNumberShape shape, object? value)
    {
        if (shape.Meaning == FieldMeaning.Syscall)
        {
            return value is string call && SyscallNames.NumberOf(call) is { } number ? number : IntegerParser.Parse(value, "a system call's name or number");
        }

        var (names, example) = shape.Meaning == FieldMeaning.Errno ? (typeof(Errno), "ENOENT") : (typeof(Signal), "SIGTERM");
        return value is string text && Enum.TryParse(names, text, ignoreCase: true, out var named)
            ? Convert.ToInt32(named, CultureInfo.InvariantCulture)
            : IntegerParser.Parse(value, $"a name such as {example}, or a number");
    }

    /// <summary>The value of an enum by the name of an enumerator, of flags by several with commas between; or as a number.</summary>
    public static BigInteger Parse(EnumShape shape, object? value)
    {
        var wanted = $"one of {string.Join(", ", shape.Values.Take(20).Select(v => v.Name))}{(shape.Values.Count > 20 ? ", ..." : "")}, or a number";
        if (value is not string text || text.Length == 0 || char.IsAsciiDigit(text[0]) || text[0] is '-' or '+')
        {
            return IntegerParser.Parse(value, wanted);
        }

        BigInteger all = 0;
        foreach (var name in text.Split(',', StringSplitOptions.TrimEntries))
        {
            // The exact name first: C may tell names apart by case alone.
            var found = shape.Values.Where(v => v.Name == name).Concat(shape.Values.Where(v => string.Equals(v.Name, name, StringComparison.OrdinalIgnoreCase))).ToList();
            if (found.Count == 0 || (text.Contains(',') && !shape.IsFlags))
            {
                throw EncodeException.Wrong(value, wanted);
            }

            all |= Numbers.IsSigned(shape.Kind) ? found[0].Value : (ulong)found[0].Value;
        }

        return all;
    }

    /// <summary>The kernel's stamp of a date, or a number of nanoseconds.</summary>
    public static BigInteger Parse(MomentShape moment, object? value) => value switch
    {
        DateTime date => EventClock.ToStamp(date, moment.BootTime),
        DateTimeOffset offset => EventClock.ToStamp(offset.UtcDateTime, moment.BootTime),
        // As files have dates: JSON in a form of its own, CSV as the culture writes them.
        string text when !text.All(char.IsAsciiLetterOrDigit) && (DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var date)
            || DateTime.TryParse(text, CultureInfo.CurrentCulture, DateTimeStyles.None, out date)) => EventClock.ToStamp(date, moment.BootTime),
        _ => IntegerParser.Parse(value, "a date, or a number of nanoseconds"),
    };
}
