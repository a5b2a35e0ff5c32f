using System.Management.Automation;

namespace Bee.Cmdlets.Tests;

[Collection("Bee")]
public sealed class HostTests : IDisposable
{
    private readonly Shell _shell = new();

    [Fact]
    public void Every_check_returns_one_result_with_its_name()
    {
        IReadOnlyList<PSObject> results = _shell.Objects("Test-BeeHost");

        Assert.Equal("Bee.Ebpf.Checks.CheckResult", Assert.Single(results.Select(result => result.BaseObject.GetType().FullName).Distinct()));
        string[] names = [.. results.Select(result => (string)result.Properties["Name"].Value)];
        Assert.Equal(names, names.Distinct());
        foreach (string expected in new[]
        {
            "KernelVersion", "KernelBtf", "Tracefs", "Bpffs", "CgroupV2", "CAP_BPF", "CAP_PERFMON", "CAP_NET_ADMIN", "CAP_SYS_RESOURCE", "MemoryLock", "Lockdown", "UnprivilegedBpf",
            "PerfEventParanoid", "KernelAddresses", "Jit", "Kprobes", "Trampolines", "BpfLsm", "Libbpf", "Clang", "LlvmStrip", "LibbpfHeaders", "ImageStore", "RegistrySettings", "Mirrors", "VerificationPolicy",
        })
        {
            Assert.Contains(expected, names);
        }

        // Every failure has a remedy.
        Assert.All(results, result => Assert.NotEmpty((string)result.Properties["Message"].Value));
        Assert.All(results.Where(result => $"{result.Properties["State"].Value}" is "Failed" or "Warning"), result => Assert.NotEmpty((string)result.Properties["Remedy"].Value));
        Assert.Equal("Linux " + File.ReadAllText("/proc/sys/kernel/osrelease").Trim() + ".", _shell.Objects("(Test-BeeHost KernelVersion).Message")[0].BaseObject);
    }

    [Fact]
    public void Name_selects_checks()
    {
        Assert.Equal(["CAP_BPF", "CAP_PERFMON", "CAP_NET_ADMIN", "CAP_SYS_RESOURCE"], Strings("Test-BeeHost cap_* | ForEach-Object Name"));
        Assert.Equal(["Libbpf"], Strings("'libbpf' | Test-BeeHost | ForEach-Object Name"));
        Assert.Empty(Strings("Test-BeeHost nothing*"));
        ErrorRecord error = _shell.Error("Test-BeeHost Kernel");
        Assert.StartsWith("CheckNotFound,", error.FullyQualifiedErrorId);
        Assert.Equal(ErrorCategory.ObjectNotFound, error.CategoryInfo.Category);
        Assert.Contains("KernelBtf", Strings("[System.Management.Automation.CommandCompletion]::CompleteInput('Test-BeeHost Kern', 17, $null).CompletionMatches.CompletionText"));
    }

    [Fact]
    public void Table_fits_the_screen_and_wraps_between_words()
    {
        string[] lines = _shell.Show("Test-BeeHost");

        Assert.All(lines, line => Assert.InRange(line.Length, 0, 80));
        Assert.Contains(lines, line => line.StartsWith("KernelVersion      Ok      Linux", StringComparison.Ordinal));
    }

    [KernelFact]
    public void Unprivileged_user_gets_a_failure_for_each_missing_capability()
    {
        ChildResult child = Run("Test-BeeHost CAP_*, User, KernelVersion | ForEach-Object { \"$($_.Name) $($_.State)\" }", ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]);

        Assert.Equal(0, child.ExitCode);
        Assert.Equal(["KernelVersion Ok", "User Failed", "CAP_BPF Failed", "CAP_PERFMON Failed", "CAP_NET_ADMIN Warning"], Lines(child)[..5]);
        Assert.Empty(child.Messages);
    }

    [KernelFact]
    public void Rootless_container_is_detected()
        => Assert.Equal(["Failed"], Lines(Run("(Test-BeeHost User).State", ["unshare", "--user", "--map-root-user"])));

    [KernelFact]
    public void Unmounted_file_systems_have_the_mount_command_as_remedy()
    {
        ChildResult child = Run(
            "Test-BeeHost Bpffs, Tracefs, CgroupV2 | ForEach-Object { \"$($_.Name) $($_.State) $($_.Remedy)\" }",
            ["unshare", "-m", "sh", "-c", "umount /sys/fs/bpf; umount -a -t cgroup2; umount -a -t tracefs; exec \"$@\"", "sh"]);

        string[] lines = Lines(child);
        Assert.StartsWith("Tracefs Failed As root: mount -t tracefs", lines[0]);
        Assert.Equal("Bpffs Warning As root: mount -t bpf bpf /sys/fs/bpf", lines[1]);
        Assert.StartsWith("CgroupV2 Warning As root: ", lines[2]);
    }

    [KernelFact]
    public void Pin_folder_of_another_user_has_the_command_as_remedy()
    {
        ChildResult child = Run(
            "Test-BeeHost Bpffs | ForEach-Object { \"$($_.State) $($_.Message) $($_.Remedy)\" }",
            ["unshare", "-m", "sh", "-c", "mount -t bpf -o mode=1777 none /sys/fs/bpf && mkdir /sys/fs/bpf/bee && chown nobody /sys/fs/bpf/bee && exec \"$@\"", "sh"]);

        string line = Assert.Single(Lines(child));
        Assert.StartsWith("Warning '/sys/fs/bpf/bee' belongs to user ", line, StringComparison.Ordinal);
        Assert.Contains("rmdir /sys/fs/bpf/bee", line, StringComparison.Ordinal);
        Assert.Contains("/sys/fs/bpf/bee-0/NAME", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_tools_have_a_remedy()
    {
        ChildResult child = Run("Test-BeeHost Libbpf, Clang, LlvmStrip, LibbpfHeaders, ImageStore | ForEach-Object { \"$($_.Name) $($_.State) $($_.Remedy.Length -gt 20)\" }", environment: new Dictionary<string, string?>
        {
            ["PATH"] = "/nowhere",
            ["CLANG"] = null,
            ["BEE_LIBBPF"] = "/nowhere/libbpf.so",
            ["BEE_STORE"] = "/dev/null/store",
        });

        Assert.Equal(["Libbpf Failed True", "Clang Warning True", "LlvmStrip Warning True", "LibbpfHeaders Warning True", "ImageStore Warning True"], Lines(child));
        Assert.Empty(child.Messages);
    }

    [Fact]
    public void Old_clang_is_a_warning()
    {
        using var folder = new TempFolder();
        string clang = Executable.Write(folder["clang"], "#!/bin/sh\necho 'clang version 11.0.1'\n");

        ChildResult child = Run("$r = Test-BeeHost Clang; \"$($r.State)\"; $r.Message", environment: new Dictionary<string, string?> { ["CLANG"] = clang });
        Assert.Equal("Warning", Lines(child)[0]);
        Assert.Contains("needs 12 or later", Lines(child)[1]);
    }

    [Fact]
    public void Settings_mirrors_and_policies_are_listed()
    {
        using var folder = new TempFolder();
        const string Script = "Test-BeeHost RegistrySettings, Mirrors, VerificationPolicy | ForEach-Object { \"$($_.State) $($_.Message) [$($_.Target)]\" }";
        var environment = new Dictionary<string, string?> { ["XDG_CONFIG_HOME"] = folder.Path, ["BEE_REGISTRY"] = null };
        Assert.Equal(["Skipped", "Skipped", "Skipped"], Lines(Run(Script, environment: environment)).Select(line => line.Split(' ')[0]));

        string settings = folder.Write("bee/registries.json", "{ \"default\": \"ghcr.io/me\", \"registries\": { \"build.lan:5000\": { \"plainHttp\": true }, \"ghcr.io\": { \"mirrors\": [ \"mirror.lan/ghcr\", \"localhost:5000\" ] } } }");
        string policy = folder.Write("bee/policy.json", "{ \"default\": \"deny\", \"rules\": [ { \"reference\": \"ghcr.io/me/*\", \"action\": \"allow\" } ] }");
        Assert.Equal(
            [
                $"Ok Settings for registries: quay.io is the default registry; plain http for build.lan:5000. [BEE_REGISTRY, {settings}]",
                "Ok Mirrors are read first: ghcr.io from mirror.lan/ghcr, then localhost:5000. []",
                $"Ok Images from registries must pass {policy} (1 rule, others are refused). [{policy}]",
            ],
            Lines(Run(Script, environment: new Dictionary<string, string?>(environment) { ["BEE_REGISTRY"] = "quay.io" })));
    }

    [Fact]
    public void Invalid_settings_and_policies_fail_with_their_location()
    {
        using var folder = new TempFolder();
        string settings = folder.Write("bee/registries.json", "{ \"registries\": { \"ghcr.io\": { \"caCertificate\": \"missing.pem\" } } }");
        string policy = folder.Write("bee/policy.json", "{\n  \"default\": \"perhaps\" }");
        const string Script = "Test-BeeHost RegistrySettings, Mirrors, VerificationPolicy | ForEach-Object { \"$($_.State) $($_.Message) [$($_.Target)] $($_.Remedy)\" }";
        var environment = new Dictionary<string, string?> { ["XDG_CONFIG_HOME"] = folder.Path, ["BEE_REGISTRY"] = null };

        string[] lines = Lines(Run(Script, environment: environment));
        Assert.StartsWith("Failed ghcr.io cannot be used: ", lines[0], StringComparison.Ordinal);
        Assert.Contains("missing.pem", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("Failed The verification policy cannot be used", lines[2], StringComparison.Ordinal);
        Assert.Contains($"{policy}:2:14", lines[2], StringComparison.Ordinal);
        Assert.EndsWith("run without it.", lines[2], StringComparison.Ordinal);

        File.WriteAllText(settings, "{ \"defualt\": \"ghcr.io\" }");
        lines = Lines(Run(Script, environment: environment));
        Assert.StartsWith($"Failed No registry can be used: {settings}:1:3", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("Unknown The check could not run", lines[1], StringComparison.Ordinal);
    }

    private static ChildResult Run(string script, string[]? prefix = null, IReadOnlyDictionary<string, string?>? environment = null) => Child.Run(script, prefix, environment);

    private static string[] Lines(ChildResult child) => child.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private string[] Strings(string script) => [.. _shell.Objects(script).Select(item => $"{item}")];

    public void Dispose() => _shell.Dispose();
}
