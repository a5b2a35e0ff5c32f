using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Bee.Ebpf;

/// <summary>Addresses out of text or .NET's own objects, into network order.</summary>
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
            // The parser alone takes '1' and '1.2' for addresses too.
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
