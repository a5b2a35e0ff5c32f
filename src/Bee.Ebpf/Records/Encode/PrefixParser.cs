using System.Collections;
using System.Globalization;

namespace Bee.Ebpf;

/// <summary>The keys of longest-prefix matches out of text such as 10.0.0.0/8, of an address alone, or of their fields by name.</summary>
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

        // IPNetwork and IPAddress are what they write.
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
