using System.Net;

namespace Bee.Ebpf;

/// <summary>Network and hardware addresses as text, made without going through address objects where speed matters.</summary>
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
