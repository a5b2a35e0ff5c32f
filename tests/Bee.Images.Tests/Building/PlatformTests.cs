using System.Management.Automation;

namespace Bee.Images.Tests;

public sealed class PlatformTests : IDisposable
{
    private const string Common = """
        #include "bee.h"
        BEE_LICENSE("GPL");
        BEE_PARAM(pid_t, target_pid, 0);
        BEE_RING(print_numbers, u32, 4096);
        SEC("tracepoint/syscalls/sys_enter_openat")
        int entered(struct trace_event_raw_sys_enter *ctx) { return bee_targeted(target_pid) ? 0 : 1; }
        """;

    private const string Registers = """
        #include "bee.h"
        BEE_LICENSE("GPL");
        BEE_RING(print_numbers, u32, 4096);
        SEC("kprobe/do_sys_openat2")
        int BPF_KPROBE(entered, int dfd) { return dfd; }
        """;

    private static readonly Lazy<byte[]> s_arm64Kernel = new(() =>
    {
        using var folder = new TempFolder();
        using var shell = new Shell();
        shell.Objects("Invoke-BeeBuild $source -BinaryOnly -OutFile $out", ("source", BeeModule.File("tests", "fixtures", "arm64-kernel.c")), ("out", folder["arm64.btf"]));
        return File.ReadAllBytes(folder["arm64.btf"]);
    });

    private readonly TempFolder _folder = new();
    private readonly Shell _shell = new();

    [Fact]
    public void Two_platforms_are_built_into_one_image_and_this_machine_runs_its_own()
    {
        dynamic image = Build(Common, "-Platform linux/amd64,aarch64").BaseObject;

        Assert.Equal("application/vnd.oci.image.index.v1+json", image.Descriptor.MediaType);
        Assert.Equal(["linux/amd64", "linux/arm64"], ((IEnumerable<object>)image.Platforms).Select(platform => $"{platform}"));
        Assert.Null(image.Problem);
        Assert.Equal(["linux"], _shell.Objects("$image.Config.Os", ("image", image)).Select(os => $"{os}"));
        Assert.Contains("; also linux/", $"{Assert.Single(_shell.Objects("[Bee.Cmdlets.Views.ViewText]::Platforms($image)", ("image", image)))}", StringComparison.Ordinal);

        // The check reads the program for this machine, as a run does.
        Assert.Empty(_shell.Objects("Test-BeeImage tool -Store $store | Where-Object Name -in Platform, Digests, Object | Where-Object State -ne Ok", ("store", _folder["store"])));
    }

    [Fact]
    public void Same_source_has_the_same_index_digest()
    {
        string one = $"{Build(Common, "-Platform arm64,amd64").Properties["Digest"].Value}";
        Assert.Equal(one, $"{Build(Common, "-Platform arm64,amd64").Properties["Digest"].Value}");
    }

    [Fact]
    public void Big_endian_object_is_built_and_described()
    {
        dynamic image = Build(Common, "-Platform s390x -OutFile $out", ("out", _folder["s390.o"])).BaseObject;

        Assert.Equal(2, File.ReadAllBytes(_folder["s390.o"])[5]);
        Assert.Equal("linux/s390x", $"{image.Platform}");
        Assert.Contains("print_numbers", _shell.Objects("$image.Maps.Name", ("image", image)).Select(name => $"{name}"));
        Assert.Equal("target_pid", $"{Assert.Single(_shell.Objects("$image.Parameters.Name", ("image", image)))}");
    }

    [Fact]
    public void Image_for_another_platform_is_an_error_that_names_its_platforms()
    {
        string other = OtherPlatform;
        Build(Common, $"-Platform {other}");
        ErrorRecord error = _shell.Error("Invoke-BeeProgram tool -Store $store -Duration 1", ("store", _folder["store"]));
        Assert.StartsWith("OtherPlatform,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(other, $"{error}", StringComparison.Ordinal);
        Assert.Contains("-Platform", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
        Assert.Single(_shell.Objects("Test-BeeImage tool -Store $store | Where-Object { $_.Name -eq 'Platform' -and $_.State -eq 'Failed' }", ("store", _folder["store"])));

        Build(Common, $"-Platform {other},s390x");
        error = _shell.Error("Invoke-BeeProgram tool -Store $store -Duration 1", ("store", _folder["store"]));
        Assert.StartsWith("Store.NoProgram,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains($"{other}, linux/s390x", $"{error}", StringComparison.Ordinal);
    }

    [Fact]
    public void Registers_without_the_platforms_BTF_are_an_error_and_nothing_is_built()
    {
        ErrorRecord error = _shell.Error(
            $"Invoke-BeeBuild $source -Tag tool -Store $store -Platform linux/amd64,linux/arm64",
            ("source", _folder.Write("tool.bpf.c", Registers)), ("store", _folder["store"]));

        Assert.StartsWith("NeedsPlatformTypes,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("tool.bpf.c:5", $"{error}", StringComparison.Ordinal);
        Assert.Contains("registers", $"{error}", StringComparison.Ordinal);
        Assert.Contains($"@{{ '{OtherPlatform}' = FILE }}", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
        Assert.Empty(_shell.Objects("Get-BeeImage -Store $store", ("store", _folder["store"])));
    }

    [Fact]
    public void Compile_error_for_two_platforms_is_reported_once()
    {
        ErrorRecord error = _shell.Error(
            "Invoke-BeeBuild $source -Tag tool -Store $store -Platform linux/arm64,linux/amd64",
            ("source", _folder.Write("tool.bpf.c", Common + "\nint broken(void) { return nothing; }\n")), ("store", _folder["store"]));
        Assert.StartsWith("CompilationFailed,", error.FullyQualifiedErrorId, StringComparison.Ordinal);

        ShellResult result = _shell.Run(
            "Invoke-BeeBuild $source -Tag tool -Store $store -Platform linux/arm64,linux/amd64",
            ("source", _folder.Write("tool.bpf.c", Common + "\n#warning careful\n")), ("store", _folder["store"]));
        Assert.Empty(result.Errors);
        Assert.Single(result.Warnings);
    }

    [Fact]
    public void BTF_of_the_other_kernel_makes_the_build_succeed()
    {
        string types = Arm64Types();
        dynamic image = Build(Registers, "-Platform linux/amd64,linux/arm64 -VmlinuxBtf @{ 'linux/arm64' = $types; 'linux/amd64' = '/sys/kernel/btf/vmlinux' }", ("types", types)).BaseObject;
        Assert.Equal(2, ((IEnumerable<object>)image.Platforms).Count());

        // A single path still works as before.
        image = Build(Registers, "-Platform arm64 -VmlinuxBtf $types", ("types", types)).BaseObject;
        Assert.Equal("linux/arm64", $"{image.Platform}");
        Assert.NotNull(Build(Common, "-VmlinuxBtf /sys/kernel/btf/vmlinux"));
    }

    [Theory]
    [InlineData("-Platform linux/arm64 -VmlinuxBtf @{ 'linux/s390x' = '/x' }", "BadVmlinuxBtf", "linux/s390x")]
    [InlineData("-Platform s390x -VmlinuxBtf @{ s390x = $types }", "BadVmlinuxBtf", "arm64")]
    [InlineData("-VmlinuxBtf @{ nothing = '/x' }", "Store.BadPlatform", "nothing")]
    [InlineData("-VmlinuxBtf 5", "BadVmlinuxBtf", "path")]
    [InlineData("-Platform arm64 -VmlinuxBtf @{ arm64 = $null }", "BadVmlinuxBtf", "path")]
    [InlineData("-Platform windows/amd64", "Store.BadPlatform", "windows")]
    [InlineData("-Platform arm64 -VmlinuxBtf /nowhere", "NoKernelBtf", "/nowhere")]
    public void Invalid_platform_arguments_are_errors(string arguments, string id, string named)
    {
        ErrorRecord error = _shell.Error(
            $"Invoke-BeeBuild $source -Tag tool -Store $store {arguments}",
            ("source", _folder.Write("tool.bpf.c", Common)), ("store", _folder["store"]), ("types", arguments.Contains("$types", StringComparison.Ordinal) ? Arm64Types() : null));
        Assert.StartsWith($"{id},", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(named, $"{error}", StringComparison.Ordinal);
    }

    [Fact]
    public void Platform_parameter_overrides_the_manifest()
    {
        _folder.Write("bee.yaml", "platforms: [linux/amd64, aarch64]\n");
        Assert.Equal(["linux/amd64", "linux/arm64"], Platforms(""));
        Assert.Equal(["linux/s390x"], Platforms("-Platform s390x"));

        _shell.Objects("Invoke-BeeBuild $source -Tag tool -WhatIf", ("source", _folder["tool.bpf.c"]));
        Assert.Contains("for linux/amd64, linux/arm64", _shell.Screen, StringComparison.Ordinal);

        string[] Platforms(string arguments) => [.. ((IEnumerable<object>)Build(Common, arguments).Properties["Platforms"].Value).Select(platform => $"{platform}")];
    }

    [Fact]
    public void Object_files_of_several_platforms_have_the_platform_in_their_names()
    {
        string[] names = [.. _shell.Objects(
            "(Invoke-BeeBuild $source -BinaryOnly -OutFile $out -Platform arm64,linux/arm/v7).Name",
            ("source", _folder.Write("tool.bpf.c", Common)), ("out", _folder["x.o"])).Select(name => $"{name}")];
        Assert.Equal(["x.arm64.o", "x.arm-v7.o"], names);
    }

    public void Dispose()
    {
        _shell.Dispose();
        _folder.Dispose();
    }

    private static string OtherPlatform =>
        System.Runtime.InteropServices.RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "linux/amd64" : "linux/arm64";

    private PSObject Build(string source, string arguments, params (string, object?)[] more) => Assert.Single(_shell.Objects(
        $"Invoke-BeeBuild $source -Tag tool -Store $store {arguments}", [("source", _folder.Write("tool.bpf.c", source)), ("store", _folder["store"]), .. more]));

    private string Arm64Types()
    {
        string file = _folder["arm64.btf"];
        File.WriteAllBytes(file, s_arm64Kernel.Value);
        return file;
    }
}
