using Bee.Toolchain.Compiling;
using Bee.Toolchain.Diagnostics;

namespace Bee.Toolchain.Tests;

public class BackendErrorTests
{
    private static IReadOnlyList<Diagnostic> Errors(TemporaryFolder folder, string source, string name = "tool.bpf.c") =>
        [.. Compiler.Compile(new CompileRequest { Source = folder.Write(name, source) }, CancellationToken.None).Diagnostics.Where(item => item.Severity == DiagnosticSeverity.Error)];

    [CompileFact]
    public void Signed_division_is_one_error_at_its_line_and_leaves_no_files()
    {
        using var folder = new TemporaryFolder();
        var name = $"bee{Guid.NewGuid():N}";
        var error = Assert.Single(Errors(folder, "__attribute__((section(\"xdp\"))) int f(long *x)\n{\n    return x[0] / x[1];\n}\n", $"{name}.c"));

        Assert.Equal(3, error.Line);
        Assert.Equal($"{name}.c", Path.GetFileName(error.File));
        Assert.Contains("signed division", error.Message);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Contains("unsigned division", error.Remedy);
        Assert.Contains("-mcpu=v4", error.Remedy);
        Assert.Empty(Directory.GetFiles(Path.GetTempPath(), $"{name}*"));
    }

    [CompileTheory]
    [InlineData("volatile char b[600]; for (int i = 0; i < 600; i++) b[i] = x[i & 3]; return b[x[0] & 511];", "512 bytes")]
    [InlineData("char b[x[0]]; b[0] = x[1]; x[1] = (long)b; return b[x[3]];", "must be a constant")]
    [InlineData("return seven(x[0], x[1], x[2], x[3], x[4], x[5], x[6]);", "five arguments")]
    [InlineData("return three(x[0]).b;", "returns a number")]
    [InlineData("return __sync_val_compare_and_swap((short *)x, 3, 4);", "32 and 64 bits")]
    [InlineData("__builtin_memcpy(x, x + 100, *(long *)x); return 0;", "small constant")]
    [InlineData("return *(double *)x * *(double *)(x + 8) > 0;", "floating-point")]
    [InlineData("return *(__int128 *)x / *(__int128 *)(x + 16) > 0;", "128 bits")]
    [InlineData("void *t[] = { &&a, &&b }; goto *t[x[0] & 1]; a: return 1; b: return 2;", "computed jumps")]
    public void Unsupported_operation_is_reported_without_clangs_crash_report(string body, string remedy)
    {
        using var folder = new TemporaryFolder();
        var errors = Errors(folder, $$"""
            struct three { long a, b, c; };
            __attribute__((noinline)) static struct three three(long a) { struct three s = { a, a + 1, a + 2 }; return s; }
            __attribute__((noinline)) static int seven(int a, int b, int c, int d, int e, int f, int g) { return a + b * c + d * e + f * g; }
            __attribute__((section("xdp"))) int f(int *x) { {{body}} }
            """);

        Assert.Contains(errors, item => item.Remedy?.Contains(remedy) == true);
        Assert.All(errors, item => Assert.DoesNotMatch("frontend command|Stack dump|PLEASE|0x[0-9a-f]{6}", item.Message));
        Assert.Equal(errors.Count, errors.Distinct().Count());
    }

    [Fact]
    public void A_crash_of_the_compiler_itself_is_still_an_error()
    {
        var found = BackendErrors.Explain(DiagnosticParser.Parse("""
            a.c:1:1: warning: unused
            PLEASE submit a bug report to https://example.com/ and include the crash backtrace.
            Stack dump:
            0.	Program arguments: clang
             #0 0x00007f8b38aa5291
            clang: error: clang frontend command failed due to signal (use -v to see invocation)
            """, "/"), "/");

        Assert.Equal(["unused", "clang frontend command failed due to signal (use -v to see invocation)"], found.Select(item => item.Message));
    }
}
