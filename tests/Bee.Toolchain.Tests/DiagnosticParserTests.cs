using Bee.Toolchain.Diagnostics;
using Bee.Toolchain.Tools;

namespace Bee.Toolchain.Tests;

public class DiagnosticParserTests
{
    [Fact]
    public void An_error_has_its_place_and_its_notes()
    {
        var found = DiagnosticParser.Parse("""
            a.bpf.c:3:9: error: redefinition of 'x'
            a.bpf.c:2:9: note: previous definition is here
            a.bpf.c:7:1: warning: unused variable 'y' [-Wunused-variable]
            1 warning and 1 error generated.

            """, "/src/tool");

        Assert.Equal(2, found.Count);
        Assert.Equal((DiagnosticSeverity.Error, "/src/tool/a.bpf.c", 3, 9), (found[0].Severity, found[0].File, found[0].Line, found[0].Column));
        Assert.Equal("previous definition is here", Assert.Single(found[0].Notes).Message);
        Assert.Equal(("unused variable 'y'", "-Wunused-variable"), (found[1].Message, found[1].Option));
        Assert.Equal("/src/tool/a.bpf.c:3:9: error: redefinition of 'x'", found[0].ToString());
    }

    [Fact]
    public void Includes_are_listed_innermost_first()
    {
        var found = DiagnosticParser.Parse("""
            In file included from a.bpf.c:1:
            In file included from ./one.h:2:
            /usr/include/two.h:5:10: fatal error: 'asm/types.h' file not found
            """, "/src");

        Assert.Equal(["/src/one.h:2", "/src/a.bpf.c:1"], found[0].IncludedFrom);
        Assert.Equal(DiagnosticSeverity.Error, found[0].Severity);
        Assert.Equal("/usr/include/two.h", found[0].File);
    }

    [Theory]
    [InlineData("bpf/bpf_helpers.h", "libbpf-dev")]
    [InlineData("asm/types.h", "linux-libc-dev")]
    [InlineData("linux/bpf.h", "linux-libc-dev")]
    [InlineData("gnu/stubs-32.h", "libc6-dev-i386")]
    public void A_missing_header_names_its_package(string header, string package) =>
        Assert.Equal(package, MissingHeaders.Component(header) is { } component ? Distribution.Of("ID=debian").Package(component) : null);

    [Theory]
    [InlineData("gadget/buffer.h", "belongs to Inspektor Gadget")]
    [InlineData("maps.bpf.h", "belongs to bcc")]
    [InlineData("scx/common.bpf.h", "belongs to sched_ext")]
    [InlineData("../vmlinux/vmlinux.h", "#include \"vmlinux.h\"")]
    [InlineData("net/sock.h", "the kernel's own source")]
    [InlineData("tool.skel.h", "user-space")]
    public void A_missing_header_of_a_project_names_its_origin(string header, string origin) =>
        Assert.Contains(origin, DiagnosticParser.Parse($"a.c:1:10: fatal error: '{header}' file not found", "/").Single().Remedy);

    [Fact]
    public void Header_of_unknown_origin_has_no_remedy() =>
        Assert.Null(DiagnosticParser.Parse("a.c:1:10: fatal error: 'mine.h' file not found", "/").Single().Remedy);

    [Fact]
    public void Clang_s_own_correction_is_the_remedy()
    {
        var found = DiagnosticParser.Parse("""
            a.c:3:11: error: expected ';' after expression
            fix-it:"a.c":{3:11-3:11}:";"
            """, "/");

        Assert.Equal("Write ;", found.Single().Remedy);
    }

    [Fact]
    public void Errors_about_no_file_are_kept()
    {
        var found = DiagnosticParser.Parse("clang-14: error: unknown argument: '-fnonsense'\nerror: unable to open output file", "/");

        Assert.Equal(["unknown argument: '-fnonsense'", "unable to open output file"], found.Select(item => item.Message));
        Assert.All(found, item => Assert.Null(item.File));
    }

    [Fact]
    public void Continuation_lines_of_the_code_generator_belong_to_its_error()
    {
        var found = DiagnosticParser.Parse("a.c:2:5: error: in function f i32 (i64): stack limit\nsecond line\n1 error generated.\n", "/");

        Assert.Equal("in function f i32 (i64): stack limit\nsecond line", found.Single().Message);
    }
}
