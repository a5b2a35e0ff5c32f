using System.Management.Automation;

namespace Bee.Images.Tests;

/// <summary>Test-BeeImage. That its results match the kernel's is tested in the library.</summary>
public sealed class ImageCheckTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Shell _shell = new();

    private string Store => _folder["store"];

    [Fact]
    public void Valid_image_passes_all_checks()
    {
        Build("tool:v1", Sources.Program("raw_tp/sys_enter"));

        IReadOnlyList<PSObject> results = Objects("Test-BeeImage tool:v1 -Store $store");
        Assert.All(results, result => Assert.Equal("Ok", $"{result.Properties["State"].Value}"));
        Assert.Equal(
            ["Digests", "Object", "ProgramTypes", "MapTypes", "AttachTargets", "Relocations", "Helpers", "License", "MapSizes", "Memory"],
            results.Select(result => $"{result.Properties["Name"].Value}"));
        Assert.Equal(true, Assert.Single(Objects("Get-BeeImage tool:v1 -Store $store | Test-BeeImage -Quiet -Store $store")).BaseObject);
        Assert.Equal(results.Count, Objects("(Get-BeeImage tool:v1 -Store $store), (Get-BeeImage tool:v1 -Store $store) | Test-BeeImage -Store $store").Count / 2);
        Assert.All(_shell.Show("Test-BeeImage tool:v1 -Store $store", ("store", Store)), line => Assert.InRange(line.Length, 0, 80));
    }

    [Fact]
    public void Missing_kernel_features_are_reported_with_member_and_line()
    {
        string source = Sources.Program(
            "raw_tp/nothing_of_the_kind",
            "struct task_struct *task = (void *)bpf_get_current_task();\n    return BPF_CORE_READ((struct thing *)task, missing) != 0;",
            "struct thing { int missing; } __attribute__((preserve_access_index));");
        Build("tool:v1", source);

        var failed = Objects("Test-BeeImage tool:v1 -Store $store | Where-Object State -eq Failed").ToDictionary(result => $"{result.Properties["Name"].Value}");
        Assert.Equal(["AttachTargets", "Relocations"], failed.Keys.Order());
        Assert.Equal("program", $"{failed["AttachTargets"].Properties["Target"].Value}");
        Assert.Equal("struct thing.missing", $"{failed["Relocations"].Properties["Target"].Value}");
        Assert.Matches(@"tool\.bpf\.c:\d+.*struct thing does not exist|tool\.bpf\.c:\d+.*no member", $"{failed["Relocations"].Properties["Message"].Value}");
        Assert.Equal(false, Assert.Single(Objects("Test-BeeImage tool:v1 -Store $store -Quiet")).BaseObject);
    }

    [Fact]
    public void Damaged_layer_is_a_result_and_other_checks_still_run()
    {
        Build("tool:v1", Sources.Program("raw_tp/sys_enter"));
        string digest = $"{Objects("(Get-BeeImage tool:v1 -Store $store).Program.Digest")[0]}";
        string blob = Path.Combine(Store, "blobs", "sha256", digest["sha256:".Length..]);
        byte[] bytes = File.ReadAllBytes(blob);
        bytes[^1] ^= 1;
        File.Delete(blob);
        File.WriteAllBytes(blob, bytes);

        PSObject result = Assert.Single(Objects("Test-BeeImage tool:v1 -Store $store"));
        Assert.Equal(("Digests", "Failed", digest), ($"{result.Properties["Name"].Value}", $"{result.Properties["State"].Value}", $"{result.Properties["Target"].Value}"));
    }

    [Fact]
    public void File_is_checked_too()
    {
        string source = _folder.Write("tool.bpf.c", Sources.Program("raw_tp/sys_enter"));
        string file = $"{Objects("(Invoke-BeeBuild $source -BinaryOnly).FullName", ("source", source))[0]}";
        Assert.Equal(true, Assert.Single(Objects("Test-BeeImage $file -Quiet", ("file", file))).BaseObject);

        string damaged = _folder.Write("damaged.o", "no object at all");
        PSObject result = Assert.Single(Objects("[pscustomobject]@{ FullName = $file } | Test-BeeImage", ("file", damaged)));
        Assert.Equal(("Object", "Failed"), ($"{result.Properties["Name"].Value}", $"{result.Properties["State"].Value}"));
        Assert.StartsWith("FileNotFound", _shell.Error("Test-BeeImage ./nowhere.o").FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith("ImageNotFound", _shell.Error("Test-BeeImage nowhere:v1 -Store $store", ("store", Store)).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public void KernelBtf_checks_another_kernel()
    {
        Build("tool:v1", Sources.Program("raw_tp/sys_enter", "struct task_struct *task = (void *)bpf_get_current_task();\n    return BPF_CORE_READ(task, pid) == 0;"));
        string other = _folder.Write("other.bpf.c", Sources.Program("raw_tp/sys_enter"));
        string file = $"{Objects("(Invoke-BeeBuild $source -BinaryOnly).FullName", ("source", other))[0]}";

        // The BTF of a program stands for a kernel with very few types.
        PSObject result = Assert.Single(Objects("Test-BeeImage tool:v1 -Store $store -KernelBtf $file | Where-Object Name -eq Relocations", ("file", file)));
        Assert.Contains("struct task_struct does not exist", $"{result.Properties["Message"].Value}", StringComparison.Ordinal);
        Assert.Equal("Ok", $"{Assert.Single(Objects("Test-BeeImage tool:v1 -Store $store -KernelBtf /sys/kernel/btf/vmlinux | Where-Object Name -eq Relocations")).Properties["State"].Value}");
        Assert.StartsWith("BadObject.NoBtf", _shell.Error("Test-BeeImage tool:v1 -Store $store -KernelBtf $file", ("store", Store), ("file", other)).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith("FileNotFound", _shell.Error("Test-BeeImage tool:v1 -Store $store -KernelBtf ./nowhere.btf", ("store", Store)).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _shell.Dispose();
        _folder.Dispose();
    }

    private void Build(string tag, string source) =>
        Objects("Invoke-BeeBuild $source -Tag $tag -Store $store", ("source", _folder.Write("tool.bpf.c", source)), ("tag", tag));

    private IReadOnlyList<PSObject> Objects(string script, params (string Name, object? Value)[] variables) => _shell.Objects(script, [("store", Store), .. variables]);
}
