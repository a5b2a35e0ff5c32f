using Bee.Toolchain.Compiling;
using Bee.Toolchain.Diagnostics;

namespace Bee.Toolchain.Tests;

public class HeaderClashTests
{
    [CompileTheory]
    [InlineData("#include \"bee.h\"\n#include <linux/if_ether.h>\n", "tool.bpf.c", 2, "<linux/if_ether.h>")]
    [InlineData("#include \"bee.h\"\n\n#include \"own.h\"\n", "own.h", 2, "<linux/ip.h>")]
    [InlineData("#include <linux/types.h>\n#include \"vmlinux.h\"\n", "tool.bpf.c", 2, "linux/")]
    [InlineData("#include <linux/if_ether.h>\n#include \"bee.h\"\n", "tool.bpf.c", 2, "posix_types.h")]
    public void A_system_header_beside_vmlinux_is_one_error_at_the_include(string includes, string file, int line, string header)
    {
        using var folder = new TemporaryFolder();
        folder.Write("own.h", "\n#include <linux/ip.h>\n");
        var result = Compiler.Compile(
            new CompileRequest { Source = folder.Write("tool.bpf.c", includes + "__attribute__((section(\"xdp\"))) int f(struct xdp_md *ctx) { return 2; }\n") }, CancellationToken.None);

        var error = Assert.Single(result.Diagnostics, item => item.Severity == DiagnosticSeverity.Error);
        Assert.Equal((Path.Combine(folder.Path, file), line), (error.File, error.Line));
        Assert.Contains(header, error.Message);
        Assert.Contains("vmlinux.h", error.Message);
        Assert.Contains("Remove the include", error.Remedy);
    }

    [CompileFact]
    public void Type_of_the_author_is_not_a_header_clash()
    {
        using var folder = new TemporaryFolder();
        folder.Write("own.h", "struct task_struct { int mine; };\n");
        var result = Compiler.Compile(new CompileRequest { Source = folder.Write("tool.bpf.c", "#include \"bee.h\"\n#include \"own.h\"\n") }, CancellationToken.None);

        var error = Assert.Single(result.Diagnostics, item => item.Severity == DiagnosticSeverity.Error);
        Assert.Equal("redefinition of 'task_struct'", error.Message);
        Assert.Contains("Choose another", error.Remedy);
    }
}
