using System.Diagnostics;

namespace Bee.Cmdlets.Tests;

/// <summary>The build script in a PowerShell of its own.</summary>
[Collection("Bee")]
public sealed class BuildScriptTests
{
    [KernelFact]
    public void The_demo_shows_the_events_of_its_own_load()
    {
        (int exit, string output, string messages) = RunTask("-Task", "Demo", "-NoBuild");

        Assert.Equal(string.Empty, messages);
        Assert.Equal(0, exit);
        Assert.Matches(@"(?m)^demo/execsnoop +v1 ", output);
        Assert.Contains("ls -l /etc/hostname", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_task_that_there_is_not_fails()
    {
        (int exit, _, string messages) = RunTask("-Task", "Nothing");

        Assert.NotEqual(0, exit);
        Assert.Contains("Build,Test,Demo,Bench,Pack", messages.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void What_follows_the_task_is_the_benchmarks()
    {
        (int exit, _, string messages) = RunTask("-Task", "Bench", "-NoBuild", "nothing");

        Assert.NotEqual(0, exit);
        Assert.Contains("No measurement 'nothing'", messages, StringComparison.Ordinal);
    }

    [Fact]
    public void The_bootstrap_explains_itself()
    {
        (int exit, _, string messages) = Run(BeeModule.File("build.sh"), "nothing");

        Assert.Equal(64, exit);
        Assert.Contains("usage: ./build.sh TASK", messages, StringComparison.Ordinal);
        Assert.Equal(0, Run(BeeModule.File("build.sh"), "--help").Exit);
    }

    private static (int Exit, string Output, string Messages) RunTask(params string[] arguments) =>
        Run(BeeModule.PowerShell, ["-NoProfile", "-NonInteractive", "-File", BeeModule.File("build.ps1"), .. arguments]);

    // From another folder than the project's, as both promise.
    private static (int Exit, string Output, string Messages) Run(string command, params string[] arguments)
    {
        var start = new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
        start.Environment.Remove("PSModulePath");
        using Process process = Process.Start(start)!;
        Task<string> messages = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, messages.Result);
    }
}
