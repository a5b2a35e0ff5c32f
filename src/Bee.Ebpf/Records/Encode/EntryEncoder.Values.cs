using System.Collections;
using System.Numerics;

namespace Bee.Ebpf;

// The values of an entry: one, or one for each CPU.
internal sealed partial class EntryEncoder
{
    private byte[] StartOf(byte[] key, Func<byte[], byte[]?> current) =>
        _value is ObjectShape or ArrayShape && _map.KeySize > 0 && current(key) is { } now ? now : new byte[_stride * _cpus];

    private void FirstCpu(object? value, byte[] bytes)
    {
        Write(EntryNames.Value, MapFault.BadValue, _value, value, bytes.AsSpan(0, (int)_map.ValueSize));
        bytes.AsSpan(_stride).Clear();
    }

    private void EachCpu(object given, byte[] bytes)
    {
        if (!_map.IsPerCpu || Structured.Of(given) is not IEnumerable list || list is string or IDictionary)
        {
            throw Fault(MapFault.BadValue, _map.IsPerCpu
                ? $"The values of an entry for map '{_map.Name}' want a list, one for each of {_cpus} CPUs."
                : $"Map '{_map.Name}' has one value for a key, not one for each CPU.", "Give Value.");
        }

        object?[] values = [.. list.Cast<object?>()];
        if (values.Length != _cpus)
        {
            throw Fault(MapFault.BadValue, $"Map '{_map.Name}' has {_cpus} values for a key, one for each CPU, and got {values.Length}.", "Give as many Values, or Value: it goes to the first CPU.");
        }

        for (var i = 0; i < values.Length; i++)
        {
            Write(EntryNames.Value, MapFault.BadValue, _value, values[i], bytes.AsSpan(i * _stride, (int)_map.ValueSize));
        }
    }

    // The sum that an entry shows as its value; null for what does not add up.
    private BigInteger? Total(byte[] bytes)
    {
        if (!EntryPlans.IsSummable(_value))
        {
            return null;
        }

        var signed = Numbers.IsSigned(((NumberShape)_value).Kind);
        BigInteger sum = 0;
        for (var cpu = 0; cpu < _cpus; cpu++)
        {
            sum += new BigInteger(bytes.AsSpan(cpu * _stride, _value.Size), isUnsigned: !signed);
        }

        return signed ? (long)(ulong)(sum & ulong.MaxValue) : sum & ulong.MaxValue;
    }

    private void AgreeTotal(object value, BigInteger total)
    {
        try
        {
            if (IntegerParser.Parse(value, "a whole number") == total)
            {
                return;
            }
        }
        catch (EncodeException)
        {
            // No number at all is no agreement either.
        }

        throw Fault(MapFault.Ambiguous, $"The entry for map '{_map.Name}' says Value {value}, and its Values add up to {total}.", "Leave one of them out.");
    }
}
