using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Tests.Loading;

/// <summary>Symbols, probes and files with asterisks, commas and colons in their names, as compilers of Go, C++ and Rust produce them.</summary>
[Collection(KernelFactAttribute.Collection)]
public sealed class LiteralTargetTests : IDisposable
{
    private static readonly string[] s_names =
        ["pkg.(*Server).Handle", "pkg.(*HTTPServer).Handle", "main.Pair[int,string]", "main.Pair[uint,string]", "ns::f<int, char>", "operator*", "operator+", "<impl core::fmt::Debug for X>::fmt", "plain"];

    private readonly MarkedLibrary _library = new(
        string.Join('\n', s_names.Select((name, i) => $"__attribute__((noinline)) int odd{i}(int value) __asm__(\"{name}\"); int odd{i}(int value) {{ return value + {i}; }}"))
        + "\nint same(int value) __attribute__((alias(\"plain\")));\n__attribute__((noinline)) int probes(int value) { PROBE(\"bee\", \"o*e\", value); PROBE(\"a,b\", \"c:d\", value); return value; }\n",
        "a,b/c:d/lib odd.so");

    [KernelTheory]
    [InlineData("pkg.(*Server).Handle", 1)]
    [InlineData("pkg.(*HTTPServer).Handle", 1)]
    [InlineData("pkg.(\\*Server).Handle", 1)]
    [InlineData("pkg.(*).Handle", 2)]
    [InlineData("main.Pair[int,string]", 1)]
    [InlineData("main.Pair[*", 2)]
    [InlineData("main.Pair[int,*", 1)]
    [InlineData("ns::f<int, char>", 1)]
    [InlineData("operator*", 1)]
    [InlineData("operator+", 1)]
    [InlineData("operator*+0x0", 1)]
    [InlineData("<impl core::fmt::Debug for X>::fmt", 1)]
    [InlineData("main.Pair[int,string],FILE:ns::f<int, char>", 2)]
    [InlineData("plain,FILE:plain", 1)]
    [InlineData("plain,FILE:same", 1)]
    [InlineData("plain,FILE:pl*,FILE:same+0", 1)]
    public void An_exact_symbol_takes_precedence_and_is_attached_once(string target, ulong calls)
    {
        target = $"{_library.Path}:{target}".Replace("FILE", _library.Path);
        foreach (var kind in (string[])["uprobe", "uretprobe", "uprobe.multi"])
        {
            Counting.Run(Counting.Object(($"{kind}/x:y", "void", "seen(0); return 0;")), Options(target), session =>
            {
                foreach (var name in s_names)
                {
                    _library.Call(name, 1);
                }

                Assert.Equal((kind, calls), (kind, session.Counts()[0]));
            });
        }
    }

    [KernelFact]
    public void A_section_with_a_literal_symbol_attaches_to_that_symbol()
    {
        Counting.Run(Counting.Object(($"uprobe/{_library.Path}:pkg.(*Server).Handle", "void", "seen(0); return 0;")), new BpfSessionOptions { ProcessId = Environment.ProcessId }, session =>
        {
            _library.Call("pkg.(*Server).Handle", 1);
            _library.Call("pkg.(*HTTPServer).Handle", 1);
            Assert.Equal(1ul, session.Counts()[0]);
        });
    }

    [KernelTheory]
    [InlineData("bee:o*e", 1)]
    [InlineData("bee:o?e", 1)]
    [InlineData("a,b:c:d", 1)]
    [InlineData("bee:o*e,FILE:a,b:c:d", 2)]
    [InlineData("bee:o*e,FILE:bee:o?e", 1)]
    public void An_exact_static_probe_takes_precedence_and_is_attached_once(string target, ulong calls) =>
        Counting.Run(Fixture.Compile("usdt", UserTargetTests.Probes), Options($"{_library.Path}:{target}".Replace("FILE", _library.Path), "probe"), session =>
        {
            _library.Call("probes", 1);
            Assert.Equal(calls, session.Counts()[1]);
        });

    [KernelFact]
    public void A_missing_symbol_is_reported_with_usable_suggestions()
    {
        var error = Assert.Throws<BpfLoadException>(() =>
        {
            using var session = BpfSession.Load(Counting.Object(("uprobe/x:y", "void", "return 0;")), Options($"{_library.Path}:main.Pair[int,strin]"));
            session.Attach();
        });

        Assert.Equal(LoadFault.NoTarget, error.Fault);
        Assert.Contains("main.Pair[int,string]", error.Suggestions);
        Assert.Contains("'main.Pair[int,string]'", error.Remedy, StringComparison.Ordinal);
    }

    public void Dispose() => _library.Dispose();

    private static BpfSessionOptions Options(string target, string program = "p0") =>
        new() { ProcessId = Environment.ProcessId, AttachTo = new Dictionary<string, string> { [program] = target } };
}
