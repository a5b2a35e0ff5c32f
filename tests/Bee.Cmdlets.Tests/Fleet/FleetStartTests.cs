using System.Globalization;
using System.Management.Automation;

namespace Bee.Cmdlets.Tests;

/// <summary>How many hosts a run logs in to at the same time. A script stands for ssh.</summary>
[Collection("Alone")]
public sealed class FleetStartTests(Programs programs) : IDisposable
{
    private readonly string? _path = Environment.GetEnvironmentVariable("PATH");
    private readonly TempFolder _folder = new();
    private readonly Shell _shell = new();

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("PATH", _path);
        _shell.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void No_more_hosts_than_the_limit_are_logged_in_to_at_once()
    {
        ErrorRecord[] errors = Run("touch alive.$$; ls -d alive.* | wc -l >>counts; sleep 0.3; rm alive.$$; exit 255", "-HostName (1..6) -ThrottleLimit 2");

        Assert.Equal(["1", "2", "3", "4", "5", "6"], errors.Select(error => $"{error.TargetObject}").Order());
        Assert.All(errors, error => Assert.StartsWith("Fleet.Unreachable", error.FullyQualifiedErrorId, StringComparison.Ordinal));
        Assert.InRange(File.ReadLines(_folder["counts"]).Max(count => int.Parse(count, CultureInfo.InvariantCulture)), 1, 2);
    }

    [Fact]
    public void A_host_that_is_logged_in_to_makes_room_for_the_next_one()
    {
        // Each one waits for the others, up to half a minute.
        ErrorRecord[] errors = Run("echo; touch alive.$$; for i in $(seq 300); do [ $(ls -d alive.* | wc -l) -lt 3 ] || exit 33; sleep 0.1; done", "-HostName (1..3) -ThrottleLimit 1");

        Assert.Equal(3, errors.Length);
        Assert.All(errors, error => Assert.Contains("The exit code was 33.", error.Exception.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void A_run_closes_the_files_of_all_hosts()
    {
        Run("exit 255", "-HostName (1..3)");
        int before = Kernel.OpenDescriptors();

        Run("exit 255", "-HostName (1..20)");

        // Each host has two files or more. Other parts of PowerShell may open one.
        Assert.InRange(Kernel.OpenDescriptors(), 0, before + 19);
    }

    private ErrorRecord[] Run(string script, string arguments)
    {
        Directory.CreateDirectory(_folder["bin"]);
        Executable.Write(_folder["bin/ssh"], $"#!/bin/sh\ncd '{_folder.Path}'\n{script}\n");
        Environment.SetEnvironmentVariable("PATH", $"{_folder["bin"]}:{_path}");
        return [.. _shell.Run($"Invoke-BeeProgram $program {arguments}", ("program", programs.Execsnoop)).Errors];
    }
}
