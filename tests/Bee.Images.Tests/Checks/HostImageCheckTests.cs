using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Text.Json;

namespace Bee.Images.Tests;

/// <summary>Test-BeeImage -HostName, on hosts that the tests start on loopback.</summary>
public sealed class HostImageCheckTests : IDisposable
{
    // No server listens on the port of TCP's multiplexer.
    private const string Dead = "127.0.0.1:1";

    private readonly TempFolder _folder = new();
    private readonly Shell _shell = new();

    [SshFact]
    public void Each_host_is_a_row_and_a_dead_host_is_one_error_in_its_place()
    {
        using var hosts = new SshHosts(BeeModule.Root, ["one", "two", "bare"], new Dictionary<string, string> { ["bare"] = "SetEnv PATH=/usr/bin:/bin" });
        Build(Sources.Program("raw_tp/sys_enter"));
        string[] names = [hosts.Address("one"), Dead, hosts.Address("bare"), hosts.Address("two")];

        ShellResult result = Run(hosts, "Test-BeeImage tool:v1 -HostName $names -KeyFilePath $key -Options $options -Store $store", names);

        Assert.Equal(names, result.Output.Select(row => Text(row, "HostName")));
        Assert.Equal(["Ok", "Failed", "Failed", "Ok"], result.Output.Select(row => Text(row, "Connection")));
        Assert.Equal(["Fleet.Unreachable", "Fleet.PowerShellMissing"], result.Errors.Select(error => error.FullyQualifiedErrorId.Split(',')[0]));
        Assert.Equal([Dead, names[2]], result.Errors.Select(error => $"{error.TargetObject}"));
        Assert.All(result.Errors, error => Assert.NotEmpty(error.ErrorDetails.RecommendedAction));
        PSObject alive = result.Output[0];
        Assert.Equal(File.ReadAllText("/proc/sys/kernel/osrelease").Trim(), Text(alive, "Kernel"));
        Assert.StartsWith("linux/", Text(alive, "Architecture"), StringComparison.Ordinal);
        Assert.All(new[] { "KernelVersion", "KernelBtf", "Libbpf", "Digests", "Object", "ProgramTypes", "MapTypes", "AttachTargets", "Relocations", "Helpers", "License" }, check => Assert.Equal("Ok", Text(alive, check)));
        // The same checks as here, after those of the host.
        IEnumerable<string> local = _shell.Objects("Test-BeeImage tool:v1 -Store $store", ("store", _folder["store"])).Select(check => $"{check.Properties["Name"].Value}");
        var results = ((IEnumerable)alive.Properties["Results"].Value).Cast<object>().Select(check => Text(PSObject.AsPSObject(check), "Name")).ToList();
        Assert.Equal(["Connection", "KernelVersion", "KernelBtf", "Libbpf", "Rights", .. local], results);
        hosts.AssertEnded("one");
    }

    [SshFact]
    public void Failed_check_is_a_result_that_CSV_JSON_and_the_views_show()
    {
        using var hosts = new SshHosts(BeeModule.Root, ["one"]);
        string file = Build(Sources.Program("raw_tp/nothing_of_the_kind"));
        string[] names = [hosts.Address("one")];

        // The object file gives the same result as the image.
        ShellResult result = Run(hosts, "$rows = Test-BeeImage $file -HostName $names -KeyFilePath $key -Options $options; $rows; $rows | ConvertTo-Json -EnumsAsStrings; $rows | ConvertTo-Csv", names, ("file", file));

        Assert.Empty(result.Errors);
        PSObject row = result.Output[0];
        Assert.Equal(("Failed", "Failed", "Ok"), (Text(row, "State"), Text(row, "AttachTargets"), Text(row, "Connection")));
        Assert.StartsWith("AttachTargets: ", Text(row, "Message"), StringComparison.Ordinal);
        using var json = JsonDocument.Parse($"{result.Output[1]}");
        Assert.Equal("Failed", json.RootElement.GetProperty("AttachTargets").GetString());
        Assert.Equal("Connection", json.RootElement.GetProperty("Results")[0].GetProperty("Name").GetString());
        Assert.Contains("1 Failed", $"{result.Output[3]}", StringComparison.Ordinal);

        string[] table = _shell.Show("$row", ("row", row));
        Assert.All(table, line => Assert.InRange(line.Length, 0, 80));
        Assert.Contains(table, line => line.StartsWith("HostName          Kernel              Host Rights Image Types Targets Code Maps", StringComparison.Ordinal));
        Assert.Contains(table, line => line.Contains("FAIL", StringComparison.Ordinal) && line.StartsWith(names[0], StringComparison.Ordinal));
        string[] list = _shell.Show("$row | Format-List", ("row", row));
        Assert.All(list, line => Assert.InRange(line.Length, 0, 80));
        Assert.Contains(list, line => line.StartsWith("Findings     : AttachTargets (Failed): ", StringComparison.Ordinal));
    }

    [SshFact]
    public void Quiet_is_one_value_for_all_hosts()
    {
        using var hosts = new SshHosts(BeeModule.Root, ["one"]);
        Build(Sources.Program("raw_tp/sys_enter"));

        ShellResult passed = Run(hosts, "Get-BeeImage tool:v1 -Store $store | Test-BeeImage -HostName $names -KeyFilePath $key -Options $options -Store $store -Quiet", [hosts.Address("one")]);
        ShellResult failed = Run(hosts, "Test-BeeImage tool:v1 -HostName $names -KeyFilePath $key -Options $options -Store $store -Quiet", [Dead]);

        Assert.Empty(passed.Errors);
        Assert.Equal(true, Assert.Single(passed.Output).BaseObject);
        Assert.Equal(false, Assert.Single(failed.Output).BaseObject);
        Assert.StartsWith("Fleet.Unreachable", Assert.Single(failed.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [SshFact]
    public void Sudo_starts_PowerShell_and_its_refusal_is_an_error_with_the_remedy()
    {
        string bin = Path.GetDirectoryName(Executable.Write(_folder.Write("bin/sudo", string.Empty), "#!/bin/sh\necho 'sudo: a password is required' >&2\nexit 1\n"))!;
        Executable.Write(Path.Combine(bin, "pwsh"), "#!/bin/sh\n");
        using var hosts = new SshHosts(BeeModule.Root, ["one", "asks"], new Dictionary<string, string> { ["asks"] = $"SetEnv PATH={bin}:/usr/bin:/bin" });
        Build(Sources.Program("raw_tp/sys_enter"));
        string[] names = [.. hosts.Names.Select(hosts.Address)];

        ShellResult result = Run(hosts, "Test-BeeImage tool:v1 -HostName $names -KeyFilePath $key -Options $options -Store $store -Sudo", names);

        Assert.Equal(["Ok", "Failed"], result.Output.Select(row => Text(row, "Connection")));
        ErrorRecord refused = Assert.Single(result.Errors);
        Assert.Equal("Fleet.SudoRefused", refused.FullyQualifiedErrorId.Split(',')[0]);
        Assert.Contains("a password is required", refused.Exception.Message, StringComparison.Ordinal);
        Assert.Contains("NOPASSWD", refused.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public void Untrusted_image_fails_on_all_hosts_and_is_sent_to_none()
    {
        Build(Sources.Program("raw_tp/sys_enter"));

        // An attempt to connect would be an error.
        IReadOnlyList<PSObject> rows = _shell.Objects("Test-BeeImage tool:v1 -HostName $one, 127.0.0.1:2 -RequireSignature -Store $store", ("one", Dead), ("store", _folder["store"]));

        Assert.Equal(2, rows.Count);
        Assert.All(rows, row => Assert.Equal(("Failed", "Failed", ""), (Text(row, "State"), Text(row, "Signature"), Text(row, "Connection"))));
    }

    [Theory]
    [InlineData("-HostName 'a b'", "BadHostName")]
    [InlineData("-HostName one, '-oProxyCommand=x'", "BadHostName")]
    [InlineData("-HostName one -KernelBtf /sys/kernel/btf/vmlinux", "ParametersExclude")]
    [InlineData("-HostName one -PwshPath '$(id)'", "BadRemotePath")]
    public void Invalid_input_is_an_error_before_any_connection(string arguments, string id)
    {
        Build(Sources.Program("raw_tp/sys_enter"));
        Assert.StartsWith(id, _shell.Error($"Test-BeeImage tool:v1 {arguments} -Store $store", ("store", _folder["store"])).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [SshFact]
    public void Twenty_hosts_are_checked_in_their_order()
    {
        string[] all = [.. Enumerable.Range(1, FullRun.Times(3, 20)).Select(number => string.Create(CultureInfo.InvariantCulture, $"host{number}"))];
        using var hosts = new SshHosts(BeeModule.Root, all);
        Build(Sources.Program("raw_tp/sys_enter"));
        string[] names = [.. all.Select(hosts.Address)];

        ShellResult result = Run(hosts, "Test-BeeImage tool:v1 -HostName $names -KeyFilePath $key -Options $options -Store $store", names);

        Assert.Empty(result.Errors);
        Assert.Equal(names, result.Output.Select(row => Text(row, "HostName")));
        Assert.All(result.Output, row => Assert.Equal("Ok", Text(row, "Connection")));
    }

    public void Dispose()
    {
        _shell.Dispose();
        _folder.Dispose();
    }

    private static string Text(PSObject item, string name) => $"{item.Properties[name].Value}";

    // Returns the object file of the image tool:v1.
    private string Build(string source)
    {
        string file = _folder["tool.o"];
        _shell.Objects("Invoke-BeeBuild $source -Tag tool:v1 -OutFile $file -Store $store", ("source", _folder.Write("tool.bpf.c", source)), ("file", file), ("store", _folder["store"]));
        return file;
    }

    private ShellResult Run(SshHosts hosts, string script, string[] names, params (string Name, object? Value)[] variables)
    {
        var options = new Hashtable { ["UserKnownHostsFile"] = hosts.KnownHosts, ["GlobalKnownHostsFile"] = "/dev/null", ["IdentitiesOnly"] = "yes", ["StrictHostKeyChecking"] = "yes" };
        return _shell.Run(script, [("names", names), ("key", hosts.KeyFile), ("options", options), ("store", _folder["store"]), .. variables]);
    }
}
