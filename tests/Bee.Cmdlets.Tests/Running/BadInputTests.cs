using System.Management.Automation;

namespace Bee.Cmdlets.Tests;

/// <summary>Invalid input to a run: each case is an error record with the cause, and the process survives.</summary>
[Collection("Bee")]
public sealed class BadInputTests(Programs programs) : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Shell _shell = new();

    [Fact]
    public void File_that_is_not_ELF_is_an_error() => Expect("NotElf", "this is text"u8.ToArray());

    [Fact]
    public void ELF_file_that_is_not_BPF_is_an_error() => Expect("NotBpf", File.ReadAllBytes("/bin/sh"));

    [Fact]
    public void Empty_file_is_an_error() => Expect("", []);

    [Fact]
    public void Wrong_endianness_is_an_error()
    {
        string source = _folder.Write("big.c", "int number;\n");
        using var clang = System.Diagnostics.Process.Start("clang", ["-target", "bpfeb", "-c", source, "-o", _folder["big.o"]]);
        clang.WaitForExit();
        Expect("WrongEndianness", File.ReadAllBytes(_folder["big.o"]));
    }

    [Fact]
    public void Truncated_file_is_an_error()
    {
        byte[] bytes = Good();
        foreach (int length in new[] { 10, 70, bytes.Length / 2, bytes.Length - 1 })
        {
            Expect("", bytes[..length]);
        }
    }

    [Fact]
    public void Damaged_BTF_is_an_error()
    {
        byte[] bytes = Good();
        // BTF begins with its magic, version 1, no flags, and a header of 24 bytes. The lengths after it point beyond the section.
        int header = bytes.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x9f, 0xeb, 1, 0, 24, 0, 0, 0]);
        bytes.AsSpan(header + 12, 4).Fill(0x7f);
        Expect("DamagedBtf", bytes);
    }

    [Fact]
    public void Folder_without_a_source_is_an_error() => Assert.Single(_shell.Run("Invoke-BeeProgram $path", ("path", _folder.Path + "/")).Errors);

    [KernelFact]
    public void Unknown_tracepoint_error_suggests_the_nearest()
    {
        ErrorRecord error = Run("target", Sources.Program("tracepoint/syscalls/sys_enter_openatt"));

        Assert.StartsWith("LoadFailed.NoTarget,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.ObjectNotFound, error.CategoryInfo.Category);
        Assert.Contains("syscalls/sys_enter_openat,", Said(error), StringComparison.Ordinal);
    }

    [KernelFact]
    public void Tracepoint_without_a_category_error_suggests_it()
    {
        ErrorRecord error = Run("category", Sources.Program("tracepoint/sys_enter_openat"));

        Assert.StartsWith("LoadFailed.NoTarget,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("'sys_enter_openat'", $"{error}", StringComparison.Ordinal);
        Assert.Equal("Write syscalls/sys_enter_openat.", error.ErrorDetails.RecommendedAction);
    }

    [KernelFact]
    public void Unknown_function_error_suggests_the_nearest()
    {
        ErrorRecord error = Run("function", Sources.Program("fentry/tcp_v4_conect"));

        Assert.StartsWith("LoadFailed.NoTarget,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("tcp_v4_connect", Said(error), StringComparison.Ordinal);
    }

    [KernelFact]
    public void Verifier_error_shows_the_cause_and_keeps_the_log()
    {
        ErrorRecord error = Run("verifier", Sources.Program("raw_tp/sys_enter", "return *(volatile int *)8;"));

        Assert.StartsWith("LoadFailed.VerifierRejected,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        dynamic exception = error.Exception;
        string log = exception.VerifierLog;
        string verdict = log.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Last(line => !line.StartsWith("processed", StringComparison.Ordinal));
        Assert.Contains(verdict, error.ToString(), StringComparison.Ordinal);
        Assert.Equal("program", (string)exception.Program);
        Assert.DoesNotContain('\n', error.ToString());
        Assert.Contains($"{(string)exception.File}:{(int)exception.Line}:{(int)exception.Column}", error.ToString(), StringComparison.Ordinal);
        Assert.True(File.Exists((string)exception.File));
        Assert.Contains("VerifierLog", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
    }

    [KernelTheory]
    [InlineData("xdp", "-Interface")]
    [InlineData("tc", "-Interface")]
    [InlineData("cgroup_skb/egress", "-Cgroup")]
    [InlineData("sk_lookup", "-NetworkNamespace")]
    public void Missing_attach_target_error_names_the_option(string section, string option)
    {
        ErrorRecord error = Run("place", Sources.Program(section));

        Assert.StartsWith("LoadFailed.NoPlace,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.InvalidArgument, error.CategoryInfo.Category);
        Assert.Contains(option, Said(error), StringComparison.Ordinal);
    }

    [KernelTheory]
    [InlineData("lwt_in")]
    [InlineData("struct_ops/init")]
    [InlineData("netfilter")]
    public void Unsupported_kind_is_an_error(string section)
    {
        ErrorRecord error = Run("kind", Sources.Program(section));

        Assert.Equal(ErrorCategory.NotImplemented, error.CategoryInfo.Category);
        Assert.Contains(section.Split('/')[0], error.ToString(), StringComparison.Ordinal);
    }

    [KernelFact]
    public void Missing_capability_error_names_it()
    {
        string said = RunChild(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]);

        Assert.Contains("LoadFailed.NoPermission,", said, StringComparison.Ordinal);
        Assert.Contains("CAP_BPF", said, StringComparison.Ordinal);
    }

    [KernelFact]
    public void Missing_tracefs_error_has_the_mount_command()
    {
        string said = RunChild(["unshare", "--mount", "sh", "-c", "umount /sys/kernel/tracing; umount -l /sys/kernel/debug 2>/dev/null; exec \"$@\"", "sh"]);

        Assert.Contains("LoadFailed.NoTracefs,", said, StringComparison.Ordinal);
        Assert.Contains("mount -t tracefs", said, StringComparison.Ordinal);
    }

    [KernelFact]
    public void Missing_kernel_BTF_is_an_error()
    {
        string said = RunChild(["unshare", "--mount", "sh", "-c", "mount -t tmpfs none /sys/kernel/btf && exec \"$@\"", "sh"]);

        Assert.Contains("LoadFailed.NoKernelBtf,", said, StringComparison.Ordinal);
        Assert.Contains("CONFIG_DEBUG_INFO_BTF", said, StringComparison.Ordinal);
    }

    private byte[] Good() => File.ReadAllBytes(programs.Execsnoop);

    private void Expect(string fault, byte[] content)
    {
        string path = _folder["bad.o"];
        File.WriteAllBytes(path, content);

        ErrorRecord error = _shell.Error("Invoke-BeeProgram $path", ("path", path));

        Assert.StartsWith($"BadObject.{fault}", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.InvalidData, error.CategoryInfo.Category);
        Assert.Equal(path, error.TargetObject);
        Assert.Contains("bad.o", error.ToString(), StringComparison.Ordinal);
    }

    private static string Said(ErrorRecord error) => $"{error} {error.ErrorDetails?.RecommendedAction}";

    private ErrorRecord Run(string name, string source) =>
        _shell.Error("Invoke-BeeProgram $path -Duration 1", ("path", _folder.Write($"{name}.bpf.c", source)));

    // The tests' folders belong to root, so files for an unprivileged child are copied to a readable folder.
    private string RunChild(string[] prefix)
    {
        string program = _folder["program.o"];
        File.Copy(programs.Execsnoop, program);
        System.Diagnostics.Process.Start("chmod", ["755", _folder.Path]).WaitForExit();
        ChildResult child = Child.Run(
            $"Invoke-BeeProgram '{program}' -Duration 1 -ErrorAction SilentlyContinue -ErrorVariable errors; $errors | ForEach-Object {{ $_.FullyQualifiedErrorId; \"$_\"; \"$($_.ErrorDetails.RecommendedAction)\" }}",
            prefix, new Dictionary<string, string?> { ["HOME"] = _folder.Path });
        return child.Output + child.Messages;
    }

    public void Dispose()
    {
        _shell.Dispose();
        _folder.Dispose();
    }
}
