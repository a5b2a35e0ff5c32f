using System.Buffers.Binary;
using System.Collections;
using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;
using Bee.Posix;

namespace Bee.Ebpf.Records;

/// <summary>Encodes values in the layout of a C type.</summary>
internal static class ValueEncoder
{
    /// <summary>Encodes a value over the current one.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="value">The value.</param>
    /// <param name="to">The bytes of the shape, which hold the current value.</param>
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
                Integer(NumberParser.Parse(number.Meaning, value), number.Kind, to);
                if (number.BigEndian)
                {
                    to.Reverse();
                }

                break;
            case NamedNumberShape number:
                Integer(NumberParser.Parse(number, value), number.Kind, to);
                break;
            case EnumShape e:
                Integer(NumberParser.Parse(e, value), e.Kind, to);
                break;
            case MomentShape moment:
                Integer(NumberParser.Parse(moment, value), NumberKind.UInt64, to);
                break;
            case AddressShape address:
                AddressParser.Parse(address.Meaning, value, to);
                break;
            case PrefixShape prefix:
                PrefixParser.Parse(prefix, value, to);
                break;
            case EndpointShape:
                throw new EncodeException("is an address in Inspektor Gadget's format, which only programs can set.");
            case FileBitsShape:
                throw new EncodeException("is text that is derived from a number; set the number instead.");
            case UserStackShape user:
                Object(user.Struct, value, to);
                break;
            case StackShape:
                throw new EncodeException("is a stack, which only programs can set.");
            case TextShape text:
                Text(value, to);
                break;
            case WordsShape:
                Words(value, to);
                break;
            case ArrayShape array:
                Array(array, value, to);
                break;
            case ObjectShape o:
                Object(o.Struct, value, to);
                break;
        }
    }

    /// <summary>Encodes one field of a struct.</summary>
    /// <param name="field">The field.</param>
    /// <param name="value">Its value.</param>
    /// <param name="to">The bytes of the struct.</param>
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
            throw new EncodeException("text with a NUL would end there in a C program.");
        }

        // C programs expect a NUL at the end.
        if (bytes.Length >= to.Length)
        {
            throw new EncodeException($"has room for {Quantity.Of(to.Length - 1, "byte")} of text and a NUL, but the text has {bytes.Length}.");
        }

        to.Clear();
        bytes.CopyTo(to);
    }

    // Each word ends with a NUL, including the last one.
    private static void Words(object? value, Span<byte> to)
    {
        value = Structured.Of(value);
        var words = value is string one ? [one] : value is IEnumerable list and not IDictionary ? list.Cast<object?>().ToArray() : throw EncodeException.Wrong(value, "a list of words");
        to.Clear();
        foreach (var word in words)
        {
            var bytes = Encoding.UTF8.GetBytes(word is string or char ? $"{word}" : throw EncodeException.Wrong(word, "a word"));
            if (bytes.AsSpan().Contains((byte)0) || bytes.Length >= to.Length)
            {
                throw new EncodeException(bytes.Length >= to.Length ? "has no room for so many words." : "a word with a NUL would end there in a C program.");
            }

            bytes.CopyTo(to);
            to = to[(bytes.Length + 1)..];
        }
    }

    private static void Array(ArrayShape shape, object? value, Span<byte> to)
    {
        value = Structured.Of(value) ?? throw Wrong(shape, value);
        // A single value counts as a list of one, since PowerShell unwraps such lists.
        var items = IsList(value) ? (IEnumerable)value : new[] { value };
        // A list is the whole array: elements beyond it become zero. A dictionary changes only the fields that it names.
        to.Clear();
        var i = 0;
        foreach (var item in items)
        {
            if (i >= shape.Count)
            {
                throw new EncodeException($"has room for {Quantity.Of(shape.Count, "element")}, but the list has more.");
            }

            // PowerShell unwraps @(@(1, 2)) to @(1, 2), so a list of values for an array of arrays is ambiguous.
            if (shape.Element is ArrayShape inner && IsList(value) && !IsList(Structured.Of(item)))
            {
                throw Wrong(inner, item);
            }

            Write(shape.Element, item, to.Slice(i * shape.Element.Size, shape.Element.Size));
            i++;
        }
    }

    private static bool IsList(object? value) => value is IEnumerable and not (string or IDictionary);

    private static EncodeException Wrong(ArrayShape shape, object? value) => EncodeException.Wrong(value, $"a list of up to {Quantity.Of(shape.Count, "element")}");

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
            // The field is derived from another one, which has the value.
            if (!field.IsMade)
            {
                Field(field, entry.Value, to);
            }
        }
    }
}

/// <summary>Encodes bit fields without changing their neighbours.</summary>
internal static class BitfieldWriter
{
    public static void Write(FieldShape field, object? value, Span<byte> to)
    {
        // Encode the full type first, so that names and booleans work as elsewhere; then check that the number fits.
        Span<byte> whole = stackalloc byte[16];
        whole = whole[..field.Value.Size];
        ValueEncoder.Write(field.Value, value, whole);
        var kind = field.Value is EnumShape e ? e.Kind : ((NumberShape)field.Value).Kind;
        var number = new BigInteger(whole, isUnsigned: !Numbers.IsSigned(kind));
        var least = Numbers.IsSigned(kind) ? -(BigInteger.One << (field.BitSize - 1)) : BigInteger.Zero;
        var most = (BigInteger.One << (Numbers.IsSigned(kind) ? field.BitSize - 1 : field.BitSize)) - 1;
        if (number < least || number > most)
        {
            throw new EncodeException(string.Create(CultureInfo.InvariantCulture, $"{number} is out of the range of '{field.Name}', {least} to {most}."));
        }

        for (var i = 0; i < field.BitSize; i++)
        {
            var bit = field.BitOffset + i;
            var mask = (byte)(1 << bit % 8);
            to[bit / 8] = (whole[i / 8] >> i % 8 & 1) != 0 ? (byte)(to[bit / 8] | mask) : (byte)(to[bit / 8] & ~mask);
        }
    }
}

/// <summary>Converts structs and arrays from the forms in which Bee returns them: emitted objects, and JSON text from CSV files.</summary>
internal static class Structured
{
    /// <summary>Returns a dictionary for a struct, a list for an array, and other values unchanged.</summary>
    /// <exception cref="EncodeException">The value begins like JSON, but is not valid JSON.</exception>
    public static object? Of(object? value) => value switch
    {
        string text when text.AsSpan().TrimStart() is ['{' or '[', ..] => Parse(text),
        BpfEvent record => FieldValues.Properties(record.GetType()).ToDictionary(property => property.Name, property => property.GetValue(record)),
        _ => value,
    };

    private static object? Parse(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return Plain(document.RootElement);
        }
        catch (JsonException fault)
        {
            throw new EncodeException($"got text that begins like JSON but is not valid: {fault.Message}");
        }
    }

    private static object? Plain(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().DistinctBy(member => member.Name).ToDictionary(member => member.Name, member => Plain(member.Value)),
        JsonValueKind.Array => element.EnumerateArray().Select(Plain).ToArray(),
        JsonValueKind.String => element.GetString(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Null or JsonValueKind.Undefined => null,
        _ when element.TryGetInt64(out var number) => number,
        _ when BigInteger.TryParse(element.GetRawText(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var big) => big,
        _ => element.GetDouble(),
    };
}

/// <summary>
/// The exception for a value that cannot be encoded, before the parameter or entry is known. The encoders convert it to a <see cref="BpfParameterException"/> or a <see cref="BpfMapException"/>, so it
/// is not a <see cref="Bee.Posix.BeeException"/> itself.
/// </summary>
internal sealed class EncodeException(string message) : Exception(message)
{
    /// <summary>The fault to report if the value is for a map entry.</summary>
    public MapFault Fault { get; private init; } = MapFault.BadValue;

    public static EncodeException Wrong(object? value, string wanted) =>
        new(value is null ? $"wants {wanted}, and got nothing." : $"wants {wanted}, and got {Show(value)}.");

    /// <summary>Creates the exception for an unknown field.</summary>
    public static EncodeException NoField(string name, IEnumerable<string> fields)
    {
        string[] known = [.. fields];
        var near = Suggest.Nearest(name, known, 1);
        return new($"has no field '{name}'{(near.Count > 0 ? $" ('{near[0]}'?)" : "")}; its fields are {string.Join(", ", known)}.") { Fault = MapFault.UnknownField };
    }

    /// <summary>Returns the same fault with the name of a field.</summary>
    public EncodeException In(string field) => new(Message.StartsWith('\'') ? $"'{field}.{Message[1..]}" : $"'{field}' {Message}") { Fault = Fault };

    private static string Show(object value)
    {
        var text = value switch
        {
            string s => $"'{s}'",
            IDictionary => "a hashtable",
            IEnumerable => "a list",
            IFormattable f => f.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
            _ => $"a {value.GetType().Name}",
        };
        return text.Length <= 60 ? text : text[..57] + "...";
    }
}
