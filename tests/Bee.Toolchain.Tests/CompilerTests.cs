using System.Diagnostics;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Toolchain.Compiling;
using Bee.Toolchain.Diagnostics;
using Bee.Toolchain.Tools;

namespace Bee.Toolchain.Tests;

public class CompilerTests
{
    private const string Counter = """
        #include "bee.h"
        BEE_LICENSE("GPL");
        BEE_PARAM(pid_t, target_pid, 0);
        BEE_HASH(counter_calls, u32, u64, 128);
        #include "local.h"
        SEC("raw_tp/sys_enter")
        int enter(void *ctx)
        {
            u32 key = LOCAL;
            if (bee_targeted(target_pid))
                bee_count(&counter_calls, &key);
            return 0;
        }
        """;

    private static CompileResult Compile(TemporaryFolder folder, string source, params string[] flags) =>
        Compiler.Compile(new CompileRequest { Source = folder.Write("tool.bpf.c", source), CFlags = flags }, CancellationToken.None);

    [CompileFact]
    public void Two_folders_give_the_same_bytes()
    {
        using var one = new TemporaryFolder();
        using var two = new TemporaryFolder();
        foreach (var folder in (TemporaryFolder[])[one, two])
        {
            folder.Write("deep/er/local.h", "#define LOCAL __LINE__ + sizeof(__FILE__)\nstatic __noinline int here(int x) { return x * 3; }");
        }

        CompileResult Build(TemporaryFolder folder, string deeper) => Compiler.Compile(
            new CompileRequest
            {
                Source = folder.Write(deeper + "tool.bpf.c", Counter.Replace("return 0", "return here(key)")),
                IncludeDirectories = [Path.Combine(folder.Path, "deep", "er")],
            },
            CancellationToken.None);
        var first = Build(one, "");
        var second = Build(two, "somewhere/else/");

        Assert.True(first.Success, string.Join("\n", first.Diagnostics));
        Assert.Equal(first.Object, second.Object);
        Assert.Equal(first.Flags, second.Flags);
        Assert.False(first.Object.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(one.Path)) >= 0);
    }

    [CompileFact]
    public void The_object_has_types_and_lines_but_no_debug_information()
    {
        using var folder = new TemporaryFolder();
        folder.Write("local.h", "#define LOCAL 1");
        var result = Compile(folder, Counter);

        Assert.True(result.Success, string.Join("\n", result.Diagnostics));
        Assert.Empty(result.Diagnostics);
        Assert.True(result.Object.AsSpan().IndexOf(".debug_info"u8) < 0);
        // The verifier shows the line of C with each instruction; the text of it stands in the BTF.
        Assert.True(result.Object.AsSpan().IndexOf("u32 key = LOCAL;"u8) > 0);
        var file = ObjectFile.Parse(result.Object, "tool");
        Assert.Equal("target_pid", Assert.Single(file.Parameters).Name);
        Assert.Equal("enter", Assert.Single(file.Programs).Name);
        Assert.Contains(file.Maps, map => map.Name == "counter_calls" && map.Role == MapRole.Counter);
    }

    [CompileFact]
    public void A_mistake_is_a_diagnostic_with_its_place()
    {
        using var folder = new TemporaryFolder();
        var result = Compile(folder, "#include \"bee.h\"\nint f(void)\n{\n\tint unused;\n\treturn nothing;\n}\n");

        Assert.False(result.Success);
        Assert.Null(result.Object);
        var error = Assert.Single(result.Diagnostics, item => item.Severity == DiagnosticSeverity.Error);
        Assert.Equal((Path.Combine(folder.Path, "tool.bpf.c"), 5, 9), (error.File, error.Line, error.Column));
        Assert.Contains("nothing", error.Message);
    }

    [CompileFact]
    public void A_missing_header_says_how_it_is_installed()
    {
        using var folder = new TemporaryFolder();
        var result = Compile(folder, "#include <bpf/no_such_header.h>\n");

        Assert.Equal(Distribution.Current.Remedy(Component.LibbpfHeaders), Assert.Single(result.Diagnostics).Remedy);
    }

    [CompileFact]
    public void A_name_of_the_kernel_s_is_explained()
    {
        using var folder = new TemporaryFolder();
        var result = Compile(folder, "#include \"bee.h\"\nstruct task_struct { int mine; };\n");

        var error = Assert.Single(result.Diagnostics);
        Assert.EndsWith("/vmlinux.h", Assert.Single(error.Notes).File);
        Assert.Contains("Choose another", error.Remedy);
    }

    [CompileFact]
    public void A_function_that_is_nowhere_is_an_error_with_every_clang()
    {
        using var folder = new TemporaryFolder();
        var result = Compile(folder, "#include \"bee.h\"\nint f(void)\n{\n\treturn bpf_get_curent_pid_tgid();\n}\n");

        Assert.False(result.Success);
        var error = Assert.Single(result.Diagnostics);
        Assert.Equal((DiagnosticSeverity.Error, 4), (error.Severity, error.Line));
        Assert.Contains("bpf_get_curent_pid_tgid", error.Message);
    }

    [CompileFact]
    public void Defines_and_flags_reach_clang()
    {
        using var folder = new TemporaryFolder();
        folder.Write("local.h", "");
        var source = folder.Write("-odd name.c", Counter);
        var result = Compiler.Compile(new CompileRequest { Source = source, Defines = ["LOCAL=7"], CFlags = ["-DOTHER=\"a b\""] }, CancellationToken.None);

        Assert.True(result.Success, string.Join("\n", result.Diagnostics));
        Assert.Contains("-DLOCAL=7", result.Flags);
        Assert.DoesNotContain(result.Flags, flag => flag.Contains(folder.Path));
    }

    [CompileFact]
    public void A_flag_that_clang_does_not_know_is_an_error()
    {
        using var folder = new TemporaryFolder();
        var result = Compile(folder, "int x;", "-fno-such-flag");

        Assert.False(result.Success);
        Assert.Contains("-fno-such-flag", Assert.Single(result.Diagnostics).Message);
    }

    [CompileFact]
    public void A_source_on_the_stable_headers_compiles_too()
    {
        using var folder = new TemporaryFolder();
        var result = Compile(folder, """
            #include <linux/bpf.h>
            #include <linux/types.h>
            #include <sys/types.h>
            #include <stdbool.h>
            #include <bpf/bpf_helpers.h>
            char LICENSE[] SEC("license") = "GPL";
            SEC("raw_tp/sys_enter")
            int enter(void *ctx) { return 0; }
            """);

        Assert.True(result.Success, string.Join("\n", result.Diagnostics));
    }

    [Fact]
    public void No_clang_names_the_package()
    {
        using var folder = new TemporaryFolder();
        var source = folder.Write("a.c", "");
        var missing = Assert.Throws<ToolMissingException>(() =>
            Compiler.Compile(new CompileRequest { Source = source, ClangPath = Path.Combine(folder.Path, "clang") }, CancellationToken.None));

        Assert.Equal(("clang", "clang"), (missing.Tool, missing.Package));
        Assert.Contains("nstall", missing.Remedy);
    }

    [Fact]
    public void An_old_clang_is_told_apart()
    {
        using var folder = new TemporaryFolder();
        var clang = Script(folder, "clang", "echo 'Ubuntu clang version 10.0.0-4ubuntu1'");
        var missing = Assert.Throws<ToolMissingException>(() => Clang.Find(clang, CancellationToken.None));

        Assert.Contains("12 or later", missing.Message);
    }

    [Fact]
    public void Cancelling_kills_clang()
    {
        using var folder = new TemporaryFolder();
        var pid = Path.Combine(folder.Path, "pid");
        var clang = Script(folder, "clang", $"echo $$ > {pid}.new; mv {pid}.new {pid}; exec sleep 60");
        using var stop = new CancellationTokenSource();
        var run = Task.Run(() => ToolProcess.Run(clang, [], null, stop.Token));
        Assert.True(SpinWait.SpinUntil(() => File.Exists(pid), TimeSpan.FromSeconds(20)));
        var watch = Stopwatch.StartNew();
        stop.Cancel();

        Assert.IsAssignableFrom<OperationCanceledException>(Record.Exception(() => run.GetAwaiter().GetResult()));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20));
        Assert.False(Directory.Exists($"/proc/{File.ReadAllText(pid).Trim()}"));
    }

    private static string Script(TemporaryFolder folder, string name, string body) => Executable.Write(Path.Combine(folder.Path, name), $"#!/bin/sh\n{body}\n");
}
