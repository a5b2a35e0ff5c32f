using System.Diagnostics;

namespace Bee.Cmdlets.Tests;

/// <summary>The build script in its own PowerShell process. Readme.Tests.ps1 runs its demo.</summary>
public sealed class BuildScriptTests
{
    [Fact]
    public void Unknown_task_fails()
    {
        (int exit, _, string messages) = RunTask("-Task", "Nothing");

        Assert.NotEqual(0, exit);
        Assert.Contains("Build,Test,Demo,Bench,Pack", messages.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void Arguments_after_the_task_go_to_the_benchmarks()
    {
        (int exit, _, string messages) = RunTask("-Task", "Bench", "-NoBuild", "nothing");

        Assert.NotEqual(0, exit);
        Assert.Contains("No measurement 'nothing'", messages, StringComparison.Ordinal);
    }

    [Fact]
    public void Bootstrap_script_prints_its_usage()
    {
        (int exit, _, string messages) = Run(BeeModule.File("build.sh"), "nothing");

        Assert.Equal(64, exit);
        Assert.Contains("usage: ./build.sh TASK", messages, StringComparison.Ordinal);
        Assert.Equal(0, Run(BeeModule.File("build.sh"), "--help").Exit);
    }

    private static (int Exit, string Output, string Messages) RunTask(params string[] arguments) =>
        Run(BeeModule.PowerShell, ["-NoProfile", "-NonInteractive", "-File", BeeModule.File("build.ps1"), .. arguments]);

    // From a folder outside the project, which both scripts support.
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
