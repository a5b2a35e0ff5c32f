using System.Text;
using Bee.Ebpf.Symbols;

namespace Bee.Ebpf.Tests.Symbols;

public class KernelSymbolReaderTests
{
    [Fact]
    public void Each_line_is_a_symbol()
    {
        Assert.Equal(
            [(0ul, 'A', "fixed", ""), (0xffffffff81000100, 't', "vfs_read", ""), (0xffffffffc0000000, 'T', "nf_hook", "nf_tables"), (1ul, 'D', "last", "")],
            All("0000000000000000 A fixed\nffffffff81000100 t vfs_read\nffffffffc0000000 T nf_hook\t[nf_tables]\n1 D last"));
    }

    [Theory]
    [InlineData("no line at all")]
    [InlineData("ffffffff81000300")]
    [InlineData("ffffffff81000300 ")]
    [InlineData("ffffffff81000300 T ")]
    [InlineData("zzzzffff81000300 T bad")]
    [InlineData(" T name")]
    [InlineData("")]
    public void Lines_of_another_form_are_passed_over(string line) =>
        Assert.Equal([(1ul, 'T', "before", ""), (2ul, 'T', "behind", "")], All($"1 T before\n{line}\n2 T behind\n"));

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(4096)]
    [InlineData(1 << 20)]
    public void Line_may_arrive_in_pieces(int piece)
    {
        // More than the reader's buffer.
        var names = Enumerable.Range(0, 5000).Select(i => $"function_{i}_{new string('x', i % 500)}").ToArray();
        var list = string.Concat(names.Select((name, i) => $"{i:x16} t {name}{(i % 3 == 0 ? "\t[some]" : "")}\n"));

        Assert.Equal(names.Select((name, i) => ((ulong)i, 't', name, i % 3 == 0 ? "some" : "")), All(list, piece));
    }

    [Fact]
    public void A_line_without_end_is_dropped()
    {
        Assert.Equal([(1ul, 'T', "before", ""), (2ul, 'T', "behind", "")], All($"1 T before\n3 T {new string('x', 100_000)}\n2 T behind\n"));
        Assert.Equal([(1ul, 'T', "before", "")], All($"1 T before\n{new string('f', 100_000)}"));
    }

    private static List<(ulong Address, char Type, string Name, string Module)> All(string text, int piece = 4096)
    {
        using var list = new KernelSymbolReader(new Pieces(Encoding.ASCII.GetBytes(text), piece));
        var found = new List<(ulong, char, string, string)>();
        while (list.Read())
        {
            found.Add((list.Address, list.Type, Encoding.ASCII.GetString(list.Name), Encoding.ASCII.GetString(list.Module)));
        }

        return found;
    }

    // Returns a few bytes at a time, as the kernel does.
    private sealed class Pieces(byte[] bytes, int most) : MemoryStream(bytes)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, most)]);
    }
}
