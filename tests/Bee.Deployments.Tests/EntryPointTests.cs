using Bee.Packages;

namespace Bee.Deployments;

/// <summary>Tests the entry point without a container: arguments, variables, exit codes.</summary>
[Collection("Engine")]
public sealed class EntryPointTests(Engine engine)
{
    [KernelTheory]
    [InlineData(2, "There is no argument --duratoin. Similar: --duration", "opensnoop:v1", "--duratoin", "1")]
    [InlineData(2, "--duration needs a value", "opensnoop:v1", "--duration")]
    [InlineData(2, "'1' has no percent sign", "opensnoop:v1", "--max-overhead", "1")]
    [InlineData(2, "No image was given")]
    [InlineData(2, "There is no parameter 'target_pit'", "opensnoop:v1", "--parameter", "target_pit=1")]
    [InlineData(3, "There is no image 'none:v1'", "none:v1")]
    [InlineData(6, "no_such_function", "opensnoop:v1", "--attach-to", "enter_openat=syscalls/no_such_function")]
    public void A_run_that_cannot_begin_ends_with_a_code_and_a_reason(int code, string reason, params string[] arguments)
    {
        engine.Archive("opensnoop");
        ChildResult run = Child.Run(
            Project.PowerShell, ["-NoProfile", "-NonInteractive", "-File", Path.Combine(Project.Module, "bee-run.ps1"), .. arguments], TimeSpan.FromMinutes(1),
            environment: new Dictionary<string, string> { ["BEE_STORE"] = engine.Store });
        Assert.Contains(reason, run.Messages, StringComparison.Ordinal);
        Assert.EndsWith($"(exit code {code})", run.Messages.TrimEnd(), StringComparison.Ordinal);
        Assert.Equal(code, run.ExitCode);
        Assert.Empty(run.Output);
    }
}
