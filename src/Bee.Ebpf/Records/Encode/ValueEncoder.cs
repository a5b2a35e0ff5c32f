using System.Buffers.Binary;
using System.Collections;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace Bee.Ebpf;

/// <summary>Writes a value in the shape that a C type gives it.</summary>
internal static class ValueEncoder
{
    /// <summary>Writes a value over the program's own.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="value">The value.</param>
    /// <param name="to">Exactly the bytes of the shape, holding the program's own value.</param>
    /// <exception cref="EncodeException">The value does not fit the shape.</exception>
    public static void Write(ValueShape shape, object? value, Span<byte> to)
    {
        switch (shape)
        {
            case NumberShape { Kind: NumberKind.Boolean }:
                to[0] = IntegerParser.Boolean(value) ? (byte)1 : (byte)0;
                break;
            case NumberShape { Kind: NumberKind.Float32 or NumberKind.Float64 } number:
                Float(number.Kind, value, to);
                break;
            case NumberShape number:
                Integer(Named(number.Meaning, value), number.Kind, to);
                if (number.BigEndian)
                {
                    to.Reverse();
                }

                break;
            case NamedNumberShape number:
                Integer(FromName(value, number.Meaning == FieldMeaning.Errno ? typeof(Errno) : typeof(Signal)), number.Kind, to);
                break;
            case EnumShape e:
                Integer(EnumValue(e, value), e.Kind, to);
                break;
            case MomentShape moment:
                Integer(Moment(moment, value), NumberKind.UInt64, to);
                break;
            case AddressShape address:
                AddressParser.Parse(address.Meaning, value, to);
                break;
            case PrefixShape prefix:
                PrefixParser.Parse(prefix, value, to);
                break;
            case EndpointShape:
                throw new EncodeException("is an address as Inspektor Gadget's programs keep it, which only they write.");
            case StackShape:
                throw new EncodeException("is a stack, which only programs can take.");
            case TextShape text:
                Text(value, to);
                break;
            case ArrayShape array:
                Array(array, value, to);
                break;
            case ObjectShape o:
                Object(o.Struct, value, to);
                break;
        }
    }

    /// <summary>Writes one field of a struct.</summary>
    /// <param name="field">The field.</param>
    /// <param name="value">Its value.</param>
    /// <param name="to">The struct's bytes.</param>
    /// <exception cref="EncodeException">The value does not fit the field, which the message names.</exception>
    public static void Field(FieldShape field, object? value, Span<byte> to)
    {
        try
        {
            if (field.BitSize > 0)
            {
                BitfieldWriter.Write(field, value, to);
            }
            else
            {
                Write(field.Value, value, to.Slice(field.Offset, field.Value.Size));
            }
        }
        catch (EncodeException fault)
        {
            throw fault.In(field.Name);
        }
    }

    private static void Integer(BigInteger value, NumberKind kind, Span<byte> to)
    {
        var bits = to.Length * 8;
        var signed = Numbers.IsSigned(kind);
        var least = signed ? -(BigInteger.One << (bits - 1)) : BigInteger.Zero;
        var most = (BigInteger.One << (signed ? bits - 1 : bits)) - 1;
        if (value < least || value > most)
        {
            throw new EncodeException(string.Create(CultureInfo.InvariantCulture, $"{value} is out of its range, {least} to {most}."));
        }

        to.Fill(value.Sign < 0 ? (byte)0xff : (byte)0);
        value.TryWriteBytes(to, out _, isUnsigned: !signed);
    }

    private static BigInteger Moment(MomentShape moment, object? value) => value switch
    {
        DateTime date => EventClock.ToStamp(date, moment.BootTime),
        DateTimeOffset offset => EventClock.ToStamp(offset.UtcDateTime, moment.BootTime),
        // As files have dates: JSON in a form of its own, CSV as the culture writes them.
        string text when !text.All(char.IsAsciiLetterOrDigit) && (DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var date)
            || DateTime.TryParse(text, CultureInfo.CurrentCulture, DateTimeStyles.None, out date)) => EventClock.ToStamp(date, moment.BootTime),
        _ => IntegerParser.Parse(value, "a date, or a number of nanoseconds"),
    };

    private static BigInteger Named(FieldMeaning meaning, object? value) => (meaning, value) switch
    {
        (FieldMeaning.Duration, TimeSpan span) => (BigInteger)span.Ticks * 100,
        (FieldMeaning.Duration, string text) when DurationParser.TryParse(text, out var nanoseconds) => nanoseconds,
        (FieldMeaning.Duration, _) => IntegerParser.Parse(value, "a time span, a number of nanoseconds, or text such as '1.5ms'"),
        (FieldMeaning.UserId, string name) when AccountNames.UserId(name) is { } id => id,
        (FieldMeaning.UserId, _) => IntegerParser.Parse(value, "a user's name or number"),
        (FieldMeaning.GroupId, string name) when AccountNames.GroupId(name) is { } id => id,
        (FieldMeaning.GroupId, _) => IntegerParser.Parse(value, "a group's name or number"),
        (FieldMeaning.Syscall, string name) when SyscallNames.NumberOf(name) is { } number => number,
        (FieldMeaning.Syscall, _) => IntegerParser.Parse(value, "a system call's name or number"),
        (FieldMeaning.Stack, StackTrace { Id: { } id }) => id,
        (FieldMeaning.Stack, _) => IntegerParser.Parse(value, "the id of a stack"),
        _ => IntegerParser.Parse(value, "a whole number"),
    };

    private static BigInteger FromName(object? value, Type names) =>
        value is string text && Enum.TryParse(names, text, ignoreCase: true, out var named)
            ? Convert.ToInt32(named, CultureInfo.InvariantCulture)
            : IntegerParser.Parse(value, $"a name such as {(names == typeof(Errno) ? "ENOENT" : "SIGTERM")}, or a number");

    private static BigInteger EnumValue(EnumShape shape, object? value)
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

    private static void Float(NumberKind kind, object? value, Span<byte> to)
    {
        var number = value switch
        {
            string text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var parsed) => parsed,
            float or double or decimal or Half => Convert.ToDouble(value is Half half ? (double)half : value, CultureInfo.InvariantCulture),
            _ => (double)IntegerParser.Parse(value, "a number"),
        };
        if (kind == NumberKind.Float64)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(to, number);
            return;
        }

        if (double.IsFinite(number) && !float.IsFinite((float)number))
        {
            throw EncodeException.Wrong(value, "a number that a float can hold");
        }

        BinaryPrimitives.WriteSingleLittleEndian(to, (float)number);
    }

    private static void Text(object? value, Span<byte> to)
    {
        if (value is not (string or char))
        {
            throw EncodeException.Wrong(value, "text");
        }

        var bytes = Encoding.UTF8.GetBytes(value.ToString()!);
        if (bytes.AsSpan().Contains((byte)0))
        {
            throw new EncodeException("text with a NUL inside ends there for a C program.");
        }

        // Programs look for the NUL behind.
        if (bytes.Length >= to.Length)
        {
            throw new EncodeException($"has room for {to.Length - 1} bytes of text and a NUL, and the text has {bytes.Length}.");
        }

        to.Clear();
        bytes.CopyTo(to);
    }

    private static void Array(ArrayShape shape, object? value, Span<byte> to)
    {
        value = Structured.Of(value);
        if (value is not IEnumerable items || value is string or IDictionary)
        {
            throw EncodeException.Wrong(value, $"a list of up to {shape.Count} elements");
        }

        var i = 0;
        foreach (var item in items)
        {
            if (i >= shape.Count)
            {
                throw new EncodeException($"has room for {shape.Count} elements, and the list has more.");
            }

            Write(shape.Element, item, to.Slice(i * shape.Element.Size, shape.Element.Size));
            i++;
        }
    }

    private static void Object(StructShape shape, object? value, Span<byte> to)
    {
        value = Structured.Of(value);
        if (value is not IDictionary fields)
        {
            throw EncodeException.Wrong(value, $"its fields ({string.Join(", ", shape.Fields.Select(f => f.Name))}) by name");
        }

        foreach (DictionaryEntry entry in fields)
        {
            var name = entry.Key.ToString() ?? "";
            var field = shape.Fields.FirstOrDefault(f => f.Name == name)
                ?? shape.Fields.FirstOrDefault(f => string.Equals(f.Name, name, StringComparison.OrdinalIgnoreCase))
                ?? throw EncodeException.NoField(name, shape.Fields.Select(f => f.Name));
            Field(field, entry.Value, to);
        }
    }
}
