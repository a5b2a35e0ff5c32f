using System.Globalization;
using System.Net;
using System.Text;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Links;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Records;
using Bee.Ebpf.Symbols;
using Bee.Posix;

namespace Bee.Telemetry.Collection;

/// <summary>Formats label values by the decoders that the metadata names.</summary>
internal static class LabelDecoding
{
    private const string DeviceNames = "/sys/dev/block";

    /// <summary>Returns the text; null if the value does not fit the decoder, or names something that does not exist on this machine.</summary>
    /// <param name="decoder">The decoder.</param>
    /// <param name="value">The value of the property.</param>
    public static string? Decode(LabelDecoder decoder, object? value) => decoder switch
    {
        LabelDecoder.DomainName => Bytes(value) is { } wire ? DomainName(wire) : null,
        LabelDecoder.Address => Bytes(value) is { Length: 4 or 16 } address ? new IPAddress(address).ToString() : null,
        _ => Number(value) is { } number ? Decode(decoder, number) : null,
    };

    private static string? Decode(LabelDecoder decoder, ulong number) => decoder switch
    {
        LabelDecoder.KernelSymbol => KernelSymbols.Current().Find(number)?.Name ?? FieldText.Hex(number),
        LabelDecoder.Syscall => number <= int.MaxValue ? SyscallNames.Of((int)number) : null,
        LabelDecoder.Errno => number <= int.MaxValue && Enum.IsDefined((Errno)number) ? ((Errno)number).ToString() : null,
        LabelDecoder.Cgroup => CgroupTargets.PathOf(number),
        LabelDecoder.Interface => NetworkTargets.Interfaces(null).FirstOrDefault(one => (ulong)one.Index == number).Name,
        LabelDecoder.Device => Device(number),
        _ => null,
    };

    // In the kernel, a dev_t has a minor number of 20 bits.
    private static string Device(ulong number)
    {
        const int MinorBits = 20;
        const string Name = "DEVNAME=";
        var numbers = string.Create(CultureInfo.InvariantCulture, $"{number >> MinorBits}:{number & ((1ul << MinorBits) - 1)}");
        try
        {
            return RegularFile.ReadLines($"{DeviceNames}/{numbers}/uevent").FirstOrDefault(line => line.StartsWith(Name, StringComparison.Ordinal))?[Name.Length..] ?? numbers;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return numbers;
        }
    }

    // Each label of the name follows its length. The end of the array truncates the last one.
    private static string DomainName(ReadOnlySpan<byte> wire)
    {
        var name = new StringBuilder();
        while (wire.Length > 1 && wire[0] != 0)
        {
            var length = Math.Min((int)wire[0], wire.Length - 1);
            name.Append(name.Length == 0 ? "" : ".").Append(TerminalText.Clean(Encoding.UTF8.GetString(wire.Slice(1, length))));
            wire = wire[(length + 1)..];
        }

        return name.ToString();
    }

    private static byte[]? Bytes(object? value) => value switch
    {
        string text => Encoding.Latin1.GetBytes(text),
        IEnumerable<byte> bytes => [.. bytes],
        uint number => BitConverter.GetBytes(number),
        int number => BitConverter.GetBytes(number),
        _ => null,
    };

    private static ulong? Number(object? value) => value switch
    {
        long or int or short or sbyte => (ulong)Convert.ToInt64(value, CultureInfo.InvariantCulture),
        ulong or uint or ushort or byte => Convert.ToUInt64(value, CultureInfo.InvariantCulture),
        _ => null,
    };
}
