using System.Text;
using Bee.Ebpf.Symbols;

namespace Bee.Ebpf.Tests.Symbols;

public class KernelSymbolTests
{
    private const string List = """
        ffffffff81000000 T _stext
        ffffffff81000100 t vfs_read
        ffffffff81000100 T __alias_of_it
        ffffffff81000200 D not_code
        ffffffffc0000000 t nf_hook	[nf_tables]
        ffffffffc0000040 t bpf_prog_6deef7357e7b4530_x	[bpf]
        no line at all
        ffffffff81000300
        zzzzffff81000300 T bad
        """;

    private static readonly KernelSymbols s_symbols = KernelSymbols.Read(Listed(Encoding.ASCII.GetBytes(List)));

    [Theory]
    [InlineData(0xffffffff81000000, "_stext", "kernel")]
    [InlineData(0xffffffff810000ff, "_stext", "kernel")]
    [InlineData(0xffffffff81000101, "vfs_read", "kernel")]
    [InlineData(0xffffffffc0000010, "nf_hook", "nf_tables")]
    [InlineData(0xffffffffc0000041, "bpf_prog_6deef7357e7b4530_x", "bpf")]
    public void The_function_is_the_one_before(ulong address, string name, string module)
    {
        var found = s_symbols.Find(address);

        Assert.Equal((name, module), (found?.Name, found?.Module));
    }

    [Fact]
    public void Address_before_all_symbols_is_unknown() => Assert.Null(s_symbols.Find(0xffffffff80000000));

    [Fact]
    public void Hidden_addresses_have_no_names()
    {
        var hidden = KernelSymbols.Read(Listed("0000000000000000 T _stext\n0000000000000000 t vfs_read\n"u8));

        Assert.Null(hidden.Find(0xffffffff81000100));
    }

    [Theory]
    [InlineData("0000000000000000 A fixed_percpu_data\n0000000000001000 A cpu_debug_store\nffffffff81000000 T startup_64\n", true)]
    [InlineData("0000000000000000 A fixed_percpu_data\n0000000000000000 T startup_64\n", false)]
    [InlineData("ffffffff81000000 t local\n", true)]
    [InlineData("", null)]
    public void First_function_decides_whether_addresses_are_shown(string list, bool? shown)
    {
        Assert.Equal(shown, KernelSymbols.ShowsAddresses(Listed(Encoding.ASCII.GetBytes(list))));
    }

    [Fact]
    public void Reason_for_hidden_addresses_is_reported()
    {
        Assert.Contains("kernel.kptr_restrict=1", KernelSymbols.Hidden("2"), StringComparison.Ordinal);
        Assert.Contains("CAP_SYSLOG", KernelSymbols.Hidden("1"), StringComparison.Ordinal);
        Assert.Contains("CAP_SYSLOG", KernelSymbols.Hidden(null), StringComparison.Ordinal);
    }

    [Fact]
    public void Any_text_is_parsed_without_a_crash()
    {
        var random = new Random(1);
        for (var i = 0; i < 2000; i++)
        {
            var bytes = Encoding.ASCII.GetBytes(List);
            for (var j = 0; j < 10; j++)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            KernelSymbols.Read(Listed(bytes.AsSpan(0, random.Next(bytes.Length)))).Find(0xffffffff81000100);
        }
    }

    private static KernelSymbolReader Listed(ReadOnlySpan<byte> list) => new(new MemoryStream(list.ToArray()));
}
