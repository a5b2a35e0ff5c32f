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
        Assert.Contains("-I/bee/include1", first.Flags);
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
        // The verifier prints the C line of each instruction; its text is in the BTF.
        Assert.True(result.Object.AsSpan().IndexOf("u32 key = LOCAL;"u8) > 0);
        var file = ObjectFile.Read(result.Object, "tool");
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
    public void The_kernel_s_functions_are_declared()
    {
        using var folder = new TemporaryFolder();
        var result = Compile(folder, Iterating("int (* const loops)(struct bpf_iter_num *, int, int) = bpf_iter_num_new;"));

        Assert.True(result.Success, string.Join("\n", result.Diagnostics));
        Assert.Empty(result.Diagnostics);
    }

    [CompileTheory]
    [InlineData("extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;")]
    [InlineData("extern void bpf_iter_num_new(void *it, long start) __ksym;")]
    [InlineData("static int bpf_iter_num_new(int x) { return x; }")]
    [InlineData("int bpf_iter_num_new;")]
    public void A_source_declares_the_kernel_s_functions_as_it_likes(string declaration)
    {
        using var folder = new TemporaryFolder();
        var result = Compile(folder, Iterating(declaration));

        Assert.True(result.Success, string.Join("\n", result.Diagnostics));
    }

    private static string Iterating(string declaration) => $"#include \"vmlinux.h\"\n#define __ksym __attribute__((section(\".ksyms\")))\n{declaration}\nvoid *use(void) {{ return (void *)&bpf_iter_num_new; }}\n";

    [CompileFact]
    public void A_source_that_includes_libbpf_alone_has_what_newer_headers_have()
    {
        using var folder = new TemporaryFolder();
        var result = Compile(folder, """
            #include "vmlinux.h"
            #include <bpf/bpf_tracing.h>
            #include <bpf/bpf_core_read.h>
            char _license[] SEC("license") = "GPL";
            struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, u64); __ulong(map_extra, 0x1ull << 44); } map SEC(".maps");
            static __always_inline u64 first(u64 *value __arg_nonnull) { return value ? *value : 0; }
            SEC("uprobe") int BPF_UPROBE(enter, void *a, long b, long c, long d, long e, long f)
            {
                struct task_struct *task = bpf_core_cast((void *)bpf_get_current_task(), struct task_struct);
                int i, k, *item, sum = 0;
                bpf_for(i, 0, 4) { bpf_for(k, i, 4) sum += k; if (unlikely(sum > 5)) break; }
                bpf_repeat(3) sum++;
                bpf_for_each(num, item, 0, 3) sum += *item;
                return bpf_ksym_exists(bpf_iter_num_new) ? sum + task->tgid + f : 0;
            }
            SEC("uretprobe") int BPF_URETPROBE(leave, long result) { return result; }
            SEC("ksyscall/mmap") int BPF_KSYSCALL(call, void *a, long b, long c, long d, long e, long f) { return (long)a + f; }
            """);

        Assert.True(result.Success, string.Join("\n", result.Diagnostics));
        Assert.DoesNotContain(result.Diagnostics, item => item.Option != "-Wunused-function");
        Assert.Equal(["enter", "leave", "call"], ObjectFile.Read(result.Object!, "tool").Programs.Select(program => program.Name));
    }

    [CompileFact]
    public void Constants_of_bee_h_give_way_to_the_source_s_own()
    {
        using var folder = new TemporaryFolder();
        var result = Compile(folder, "#define TC_ACT_OK 100\n#include \"bee.h\"\n#define ETH_P_IP 2048\n_Static_assert(TC_ACT_OK == 100 && ETH_P_IP == 2048 && ENOENT == 2 && S_ISDIR(0040755), \"\");\n");

        Assert.True(result.Success, string.Join("\n", result.Diagnostics));
        Assert.Empty(result.Diagnostics);
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
    public void Undefined_function_is_an_error_with_every_clang()
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
    public void Old_clang_is_reported()
    {
        using var folder = new TemporaryFolder();
        var clang = Script(folder, "clang", "echo 'Ubuntu clang version 10.0.0-4ubuntu1'");
        var missing = Assert.Throws<ToolMissingException>(() => Clang.Find(clang, CancellationToken.None));

        Assert.Contains("12 or later", missing.Message);
    }

    [Fact]
    public async Task Cancelling_kills_clang()
    {
        using var folder = new TemporaryFolder();
        var pid = Path.Combine(folder.Path, "pid");
        var clang = Script(folder, "clang", $"echo $$ > {pid}.new; mv {pid}.new {pid}; exec sleep 600");
        using var stop = new CancellationTokenSource();
        var run = Task.Run(() => ToolProcess.Run(clang, [], null, stop.Token));
        Wait.Until(() => File.Exists(pid));
        stop.Cancel();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.WaitAsync(Wait.Limit));
        Wait.Until(() => !Directory.Exists($"/proc/{File.ReadAllText(pid).Trim()}"));
    }

    private static string Script(TemporaryFolder folder, string name, string body) => Executable.Write(Path.Combine(folder.Path, name), $"#!/bin/sh\n{body}\n");
}
