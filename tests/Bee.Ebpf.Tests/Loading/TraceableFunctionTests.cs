using Bee.Ebpf.Links;
using Bee.Ebpf.Symbols;

namespace Bee.Ebpf.Tests.Loading;

public class TraceableFunctionTests
{
    [KernelFact]
    public void Those_that_a_pattern_fits_have_their_addresses()
    {
        var found = TraceableFunctions.Matching("vfs_rea?");

        var read = Assert.Single(found, function => function.Name == "vfs_read");
        Assert.Equal("vfs_read", KernelSymbols.Current().Find(read.Address)?.Name);
        Assert.All(found, function => Assert.Matches("^vfs_rea.$", function.Name));
        Assert.Empty(TraceableFunctions.Matching("no_such_function_*"));
    }

    [KernelFact]
    public void Whether_one_link_does_for_many_is_read_off_the_symbols() =>
        Assert.Equal(File.ReadLines("/proc/kallsyms").Any(line => line.Split(' ', '\t')[2] == TraceableFunctions.MultiSymbol), TraceableFunctions.HasMulti);
}
