using Bee.Ebpf.Links;
using Bee.Ebpf.Symbols;

namespace Bee.Ebpf.Tests.Loading;

public class TraceableFunctionTests
{
    [KernelFact]
    public void Matching_returns_functions_with_their_addresses()
    {
        var found = TraceableFunctions.Matching("vfs_rea?");

        var read = Assert.Single(found, function => function.Name == "vfs_read");
        Assert.Equal("vfs_read", KernelSymbols.Current().Find(read.Address)?.Name);
        Assert.All(found, function => Assert.Matches("^vfs_rea.$", function.Name));
        Assert.Empty(TraceableFunctions.Matching("no_such_function_*"));
    }

    [KernelFact]
    public void HasMulti_follows_the_kernels_symbols() =>
        Assert.Equal(File.ReadLines("/proc/kallsyms").Any(line => line.Split(' ', '\t')[2] == TraceableFunctions.MultiSymbol), TraceableFunctions.HasMulti);
}
