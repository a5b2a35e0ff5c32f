using Bee.Ebpf.Records;

namespace Bee.Ebpf.Tests.Records;

/// <summary>Short text for tables.</summary>
public sealed class FieldTextTests
{
    [Theory]
    [InlineData(0, "0ns")]
    [InlineData(999, "999ns")]
    [InlineData(1_000, "1us")]
    [InlineData(1_250, "1.3us")]
    [InlineData(999_949, "999.9us")]
    [InlineData(999_950, "1ms")]
    [InlineData(1_234_567, "1.2ms")]
    [InlineData(999_949_999, "999.9ms")]
    [InlineData(999_950_000, "1s")]
    [InlineData(59_949_999_999, "59.9s")]
    [InlineData(59_950_000_000, "1m00s")]
    [InlineData(125_000_000_000, "2m05s")]
    [InlineData(3_600_000_000_000, "1h00m")]
    [InlineData(90_000_000_000_000, "1d01h")]
    [InlineData(ulong.MaxValue, "213503d23h")]
    public void Durations_have_a_suitable_unit(ulong nanoseconds, string text) => Assert.Equal(text, FieldText.Duration(nanoseconds));

    [Theory]
    [InlineData(0, "0B")]
    [InlineData(1023, "1023B")]
    [InlineData(1024, "1KiB")]
    [InlineData(1536, "1.5KiB")]
    [InlineData(1048575, "1MiB")]
    [InlineData(ulong.MaxValue, "16EiB")]
    public void Sizes_have_a_suitable_unit(ulong bytes, string text) => Assert.Equal(text, FieldText.ByteSize(bytes));

    [Fact]
    public void Names_fall_back_to_numbers()
    {
        Assert.Equal("0xffff888012345678", FieldText.Hex(0xffff888012345678));
        Assert.Equal("0x0", FieldText.Hex(0));
        Assert.Equal("07:08:09.010", FieldText.TimeOfDay(new DateTime(2026, 1, 2, 7, 8, 9, 10)));
        Assert.Equal("openat", FieldText.SyscallName(SyscallNames.NumberOf("openat")!.Value));
        Assert.Equal("99999", FieldText.SyscallName(99999));
        Assert.Equal("-1", FieldText.SyscallName(-1));
        Assert.Equal("4294967294", FieldText.UserName(4294967294));
        if (OperatingSystem.IsLinux())
        {
            Assert.Equal("root", FieldText.UserName(0));
            Assert.Equal("root", FieldText.GroupName(0));
        }

        if (System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.X64)
        {
            Assert.Equal("read", FieldText.SyscallName(0));
            Assert.Equal("execve", FieldText.SyscallName(59));
            Assert.Equal("clone3", FieldText.SyscallName(435));
        }
    }

    [Fact]
    public void BpfArray_behaves_like_an_array()
    {
        var a = new BpfArray<int>([1, 2, 10]);
        Assert.Equal("[1,2,10]", a.ToString());
        Assert.Equal((3, 3, 10), (a.Count, a.Length, a[2]));
        Assert.Equal([1, 2, 10], (int[])a);
        Assert.Equal(a, new BpfArray<int>([1, 2, 10]));
        Assert.Equal(a.GetHashCode(), new BpfArray<int>([1, 2, 10]).GetHashCode());
        Assert.True(a.CompareTo(new BpfArray<int>([1, 3])) < 0 && a.CompareTo(new BpfArray<int>([1, 2])) > 0 && a.CompareTo(null) > 0);
        Assert.Throws<ArgumentException>(() => ((IComparable)a).CompareTo("x"));
        Assert.Throws<NotSupportedException>(() => ((System.Collections.IList)a)[0] = 5);
        Assert.Throws<NotSupportedException>(() => ((System.Collections.IList)a).Clear());
        Assert.Contains(10, a);
        a.ToArray()[0] = 99;
        Assert.Equal(1, a[0]);
        Assert.Equal("""["a b","c\"d",[]]""", new BpfArray<object>(["a b", "c\"d", new BpfArray<int>([])]).ToString());
    }
}
