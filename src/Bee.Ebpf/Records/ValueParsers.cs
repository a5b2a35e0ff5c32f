using System.Collections;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Numerics;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Symbols;

namespace Bee.Ebpf.Records;

/// <summary>Parses integers from numbers, text and enums.</summary>
internal static class IntegerParser
{
    public static BigInteger Parse(object? value, string wanted)
    {
        switch (value)
        {
            case BigInteger big:
                return big;
            case UInt128 wide:
                return wide;
            case Int128 wide:
                return wide;
            case bool truth:
                return truth ? 1 : 0;
            case byte or sbyte or short or ushort or int or uint or long or Enum:
                return value is Enum { } e && Enum.GetUnderlyingType(e.GetType()) == typeof(ulong)
                    ? Convert.ToUInt64(value, CultureInfo.InvariantCulture)
                    : Convert.ToInt64(value, CultureInfo.InvariantCulture);
            case ulong number:
                return number;
            case nint number:
                return number;
            case nuint number:
                return number;
            case decimal number when decimal.Truncate(number) == number:
                return new BigInteger(number);
            case float or double when Convert.ToDouble(value, CultureInfo.InvariantCulture) is var number && double.IsFinite(number) && Math.Truncate(number) == number:
                return new BigInteger(number);
            case string text when TryParse(text.Trim(), out var parsed):
                return parsed;
            default:
                throw EncodeException.Wrong(value, wanted);
        }
    }

    public static bool Boolean(object? value) => value switch
    {
        bool truth => truth,
        string text when bool.TryParse(text, out var truth) => truth,
        _ => Parse(value, "true or false") is var number && (number.IsZero || number.IsOne)
            ? number.IsOne
            : throw EncodeException.Wrong(value, "true or false"),
    };

    private static bool TryParse(string text, out BigInteger value)
    {
        var negative = text.StartsWith('-');
        var digits = negative || text.StartsWith('+') ? text[1..] : text;
        bool parsed;
        if (digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            // Without a leading zero, a first digit of 8 or more would be parsed as a sign.
            parsed = BigInteger.TryParse("0" + digits[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value) && digits.Length > 2;
        }
        else
        {
            parsed = BigInteger.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value);
        }

        value = negative ? -value : value;
        return parsed;
    }
}

/// <summary>Parses numbers by their meaning. Throws an <see cref="EncodeException"/> that names what is expected.</summary>
internal static class NumberParser
{
    /// <summary>Parses a number by its meaning: a time span, the name of a user or group, a stack; or a plain number.</summary>
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

    /// <summary>Parses the name or the number of an error, signal or system call.</summary>
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

    /// <summary>Parses an enumerator by its name, several flags separated by commas, or a plain number.</summary>
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
            // The exact name first: C names may differ only in case.
            var found = shape.Values.Where(v => v.Name == name).Concat(shape.Values.Where(v => string.Equals(v.Name, name, StringComparison.OrdinalIgnoreCase))).ToList();
            if (found.Count == 0 || (text.Contains(',') && !shape.IsFlags))
            {
                throw EncodeException.Wrong(value, wanted);
            }

            all |= Numbers.IsSigned(shape.Kind) ? found[0].Value : (ulong)found[0].Value;
        }

        return all;
    }

    /// <summary>Parses a date into a timestamp of the kernel, or a number of nanoseconds.</summary>
    public static BigInteger Parse(MomentShape moment, object? value) => value switch
    {
        DateTime date => EventClock.ToStamp(date, moment.BootTime),
        DateTimeOffset offset => EventClock.ToStamp(offset.UtcDateTime, moment.BootTime),
        // Files contain dates in JSON's own form, or in the format of a culture (CSV).
        string text when !text.All(char.IsAsciiLetterOrDigit) && (DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var date)
            || DateTime.TryParse(text, CultureInfo.CurrentCulture, DateTimeStyles.None, out date)) => EventClock.ToStamp(date, moment.BootTime),
        _ => IntegerParser.Parse(value, "a date, or a number of nanoseconds"),
    };
}

/// <summary>Parses durations: a number with a unit of ns, us, ms, s, m, h or d.</summary>
internal static class DurationParser
{
    private static readonly (string Unit, decimal Nanoseconds)[] s_units =
    [
        ("ns", 1m), ("us", 1e3m), ("µs", 1e3m), ("ms", 1e6m), ("s", 1e9m), ("m", 60e9m), ("h", 3600e9m), ("d", 86400e9m),
    ];

    public static bool TryParse(string text, out BigInteger nanoseconds)
    {
        nanoseconds = default;
        text = text.Trim();
        foreach (var (unit, factor) in s_units)
        {
            if (text.EndsWith(unit, StringComparison.OrdinalIgnoreCase)
                && decimal.TryParse(text.AsSpan(0, text.Length - unit.Length).TrimEnd(),
                    NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                && Math.Abs(number) < 1e12m)
            {
                nanoseconds = new BigInteger(Math.Round(number * factor));
                return true;
            }
        }

        return false;
    }
}

/// <summary>Parses addresses from text or .NET objects into network byte order.</summary>
internal static class AddressParser
{
    public static void Parse(FieldMeaning meaning, object? value, Span<byte> to)
    {
        if (meaning == FieldMeaning.Mac)
        {
            Mac(value, to);
            return;
        }

        var wanted = meaning == FieldMeaning.Ipv4 ? "an IPv4 address" : "an IPv6 address";
        var address = value switch
        {
            IPAddress given => given,
            // The parser also accepts '1' and '1.2' as addresses.
            string text when (text.Contains(':') || text.Count(c => c == '.') == 3) && IPAddress.TryParse(text.Trim(), out var parsed) => parsed,
            _ => throw EncodeException.Wrong(value, wanted),
        };
        if (meaning == FieldMeaning.Ipv6 && address.AddressFamily == AddressFamily.InterNetwork)
        {
            address = address.MapToIPv6();
        }

        if (!address.TryWriteBytes(to, out var written) || written != to.Length)
        {
            throw EncodeException.Wrong(value, wanted);
        }
    }

    private static void Mac(object? value, Span<byte> to)
    {
        if (value is PhysicalAddress address && address.GetAddressBytes() is { Length: 6 } bytes)
        {
            bytes.CopyTo(to);
            return;
        }

        var parts = (value as string)?.Trim().Split(':', '-');
        if (parts is not { Length: 6 })
        {
            throw EncodeException.Wrong(value, "a hardware address such as 02:00:5e:10:00:01");
        }

        for (var i = 0; i < 6; i++)
        {
            if (parts[i].Length != 2 || !byte.TryParse(parts[i], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out to[i]))
            {
                throw EncodeException.Wrong(value, "a hardware address such as 02:00:5e:10:00:01");
            }
        }
    }
}

/// <summary>Parses the keys of LPM tries from text such as 10.0.0.0/8, an address, or a dictionary by field name.</summary>
internal static class PrefixParser
{
    public static void Parse(PrefixShape shape, object? value, Span<byte> to)
    {
        if (Structured.Of(value) is IDictionary fields)
        {
            ValueEncoder.Write(new ObjectShape(shape.Struct), fields, to);
            CheckLength(BitConverter.ToUInt32(to), shape);
            return;
        }

        // The text of an IPNetwork or IPAddress can be parsed too.
        var text = value as string ?? (value is System.Net.IPAddress or System.Net.IPNetwork ? value.ToString()! : throw Wrong(value, shape));
        var slash = text.IndexOf('/');
        var bits = (uint)shape.AddressSize * 8;
        if (slash >= 0 && !uint.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out bits))
        {
            throw Wrong(value, shape);
        }

        CheckLength(bits, shape);
        to.Clear();
        AddressParser.Parse(shape.Address, slash < 0 ? text : text[..slash], to.Slice(shape.Offset, shape.AddressSize));
        BitConverter.TryWriteBytes(to, bits);
    }

    private static void CheckLength(uint bits, PrefixShape shape)
    {
        if (bits > shape.AddressSize * 8)
        {
            throw new EncodeException($"has room for {shape.AddressSize * 8} bits of prefix, and got {bits}.");
        }
    }

    private static EncodeException Wrong(object? value, PrefixShape shape) =>
        EncodeException.Wrong(value, shape.Address == FieldMeaning.Ipv4 ? "an IPv4 address with a prefix such as 10.0.0.0/8" : "an IPv6 address with a prefix such as 2001:db8::/32");
}
