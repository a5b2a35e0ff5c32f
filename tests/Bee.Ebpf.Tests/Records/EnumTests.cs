using Bee.Ebpf.Records;

namespace Bee.Ebpf.Tests.Records;

/// <summary>CLR enums for C enums.</summary>
public sealed class EnumTests
{
    [Theory]
    [InlineData(true, "1 2 4")]
    [InlineData(true, "0 1 2 4 8")]
    [InlineData(true, "1 2 4 3")]
    [InlineData(true, "1 2 4 8 15")]
    [InlineData(true, "16 64")]
    [InlineData(true, "1099511627776 -9223372036854775808")]
    [InlineData(false, "0 1 2")]
    [InlineData(false, "1 2")]
    [InlineData(false, "1 2 3 4")]
    [InlineData(false, "0 1 2 3 4 5 6 7 8")]
    [InlineData(false, "1 2 4 9")]
    [InlineData(false, "8")]
    [InlineData(false, "-1 1")]
    [InlineData(false, "")]
    public void Enums_of_flags_are_recognized(bool flags, string values) =>
        Assert.Equal(flags, FlagEnums.IsFlags(values.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select((v, i) => ($"N{i}", long.Parse(v, System.Globalization.CultureInfo.InvariantCulture))).ToList()));

    [Fact]
    public void Enums_of_64_bits_keep_all_bits()
    {
        var type = EmittedTypes.Enum(new EnumShape("big", NumberKind.UInt64, false, [("ZERO", 0), ("TOP", long.MinValue), ("ALL", -1)]));
        Assert.Equal(typeof(ulong), Enum.GetUnderlyingType(type));
        Assert.Equal("TOP", Enum.ToObject(type, 1ul << 63).ToString());
        Assert.Equal("ALL", Enum.ToObject(type, ulong.MaxValue).ToString());
    }

    [Fact]
    public void The_first_of_two_names_for_a_value_is_shown()
    {
        for (var count = 2; count < 24; count++)
        {
            var values = Enumerable.Range(0, count).Select(i => ($"S{i}", (long)i * 3)).Append(("ALIAS", 3)).Append(("LAST", 3 * (count - 1))).ToList();
            var type = EmittedTypes.Enum(new EnumShape($"alias{count}", NumberKind.UInt32, false, values));
            Assert.Equal("S1", Enum.ToObject(type, 3u).ToString());
            Assert.Equal($"S{count - 1}", Enum.ToObject(type, (uint)(3 * (count - 1))).ToString());
        }
    }

    [Fact]
    public void Reserved_and_duplicate_names_are_accepted()
    {
        var type = EmittedTypes.Enum(new EnumShape("a b+c,d[]\\", NumberKind.Int8, false, [("value__", 1), ("same", 2), ("same", 3), ("", 4), ("Same", 5)]));
        Assert.Equal("value___2", Enum.ToObject(type, (sbyte)1).ToString());
        Assert.Equal("Same", Enum.ToObject(type, (sbyte)5).ToString());
    }
}
