using System.Diagnostics;

namespace Bee.Cmdlets.Tests;

/// <summary>The build script on the engine alone, as on a machine without pwsh.</summary>
[Collection("Bee")]
public sealed class BuildScriptTests
{
    [KernelFact]
    public void TheDemoRunsOnTheEngineHost()
    {
        (int exit, string output, string messages) = Run(BeeModule.EngineHost, BeeModule.File("build.ps1"), "-Task", "Demo", "-NoBuild");

        Assert.Equal(string.Empty, messages);
        Assert.Equal(0, exit);
        Assert.Matches(@"(?m)^demo/execsnoop +v1 ", output);
        Assert.Contains("ls -l /etc/hostname", output, StringComparison.Ordinal);
        Assert.DoesNotContain("\x1b[", output, StringComparison.Ordinal);
    }

    [Fact]
    public void ATaskThatThereIsNotFails()
    {
        (int exit, _, string messages) = Run(BeeModule.EngineHost, BeeModule.File("build.ps1"), "-Task", "Nothing");

        Assert.NotEqual(0, exit);
        Assert.Contains("Build,Test,Demo,Bench,Pack", messages.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void WhatFollowsTheTaskIsTheBenchmarks()
    {
        (int exit, _, string messages) = Run(BeeModule.EngineHost, BeeModule.File("build.ps1"), "-Task", "Bench", "-NoBuild", "nothing");

        Assert.NotEqual(0, exit);
        Assert.Contains("No measurement 'nothing'", messages, StringComparison.Ordinal);
    }

    [Fact]
    public void TheBootstrapExplainsItself()
    {
        (int exit, _, string messages) = Run(BeeModule.File("build.sh"), "nothing");

        Assert.Equal(64, exit);
        Assert.Contains("usage: ./build.sh TASK", messages, StringComparison.Ordinal);
        Assert.Equal(0, Run(BeeModule.File("build.sh"), "--help").Exit);
    }

    // From another folder than the project's, as both promise.
    private static (int Exit, string Output, string Messages) Run(string command, params string[] arguments)
    {
        var start = new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
        using Process process = Process.Start(start)!;
        Task<string> messages = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, messages.Result);
    }
}
