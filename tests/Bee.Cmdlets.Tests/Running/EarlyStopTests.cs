using System.Management.Automation;

namespace Bee.Cmdlets.Tests;

/// <summary>However a pipeline ends, its programs and links are released afterwards.</summary>
[Collection("Bee")]
public sealed class EarlyStopTests(Programs programs) : IDisposable
{
    private readonly Shell _shell = new();
    private readonly Load _load = new Load().Repeat("/bin/true");

    // Runs inside the pipeline, while the programs are attached: records the ids that must be released afterwards.
    private KernelIds? _held;

    [KernelFact]
    public void Break_in_a_loop_releases_the_programs()
    {
        Run("foreach ($once in 1) { Invoke-BeeProgram $program -Parameter @{ target_pid = $id } | ForEach-Object { $note.Invoke(); break } }");
        AssertGone();
    }

    [KernelFact]
    public void Exception_of_a_later_command_releases_the_programs()
    {
        ErrorRecord error = _shell.Error("Invoke-BeeProgram $program -Parameter @{ target_pid = $id } | ForEach-Object { $note.Invoke(); throw 'enough' }", Variables());

        Assert.Equal("enough", error.ToString());
        AssertGone();
    }

    [KernelFact]
    public void Select_First_releases_the_programs()
    {
        Run("Invoke-BeeProgram $program -Parameter @{ target_pid = $id } | ForEach-Object { $note.Invoke(); $_ } | Select-Object -First 1");
        AssertGone();
    }

    [KernelFact]
    public void Ctrl_C_while_events_arrive_releases_the_programs() => Interrupt(_load.Id);

    [KernelFact]
    public void Ctrl_C_while_idle_releases_the_programs() => Interrupt(int.MaxValue);

    [KernelFact]
    public void Disposing_the_runspace_releases_the_programs()
    {
        var shell = new Shell();
        using PowerShell pipeline = shell.Pipeline("Invoke-BeeProgram $program -Parameter @{ target_pid = 2147483647 }", ("program", programs.Execsnoop));
        IAsyncResult running = pipeline.BeginInvoke();
        KernelIds held = WaitForPrograms();

        shell.Dispose();

        Kernel.AssertGone(held);
        Assert.True(running.AsyncWaitHandle.WaitOne(Wait.Limit));
    }

    [KernelFact]
    public void Disposing_the_runspace_of_a_background_session_releases_the_programs()
    {
        var shell = new Shell();
        shell.Objects("Start-BeeProgram $program -Parameter @{ target_pid = 2147483647 }", ("program", programs.Execsnoop));
        KernelIds held = WaitForPrograms();

        shell.Dispose();

        Kernel.AssertGone(held);
    }

    [KernelFact]
    public void Killing_the_process_releases_the_programs()
    {
        using System.Diagnostics.Process child = Child.Start($"Invoke-BeeProgram '{programs.Execsnoop}' -Parameter @{{ target_pid = 2147483647 }}");
        KernelIds held = WaitForPrograms(child.Id);

        child.Kill();
        child.WaitForExit();

        Kernel.AssertGone(held);
    }

    private void Interrupt(int watched)
    {
        using PowerShell pipeline = _shell.Pipeline("Invoke-BeeProgram $program -Parameter @{ target_pid = $watched }", ("program", programs.Execsnoop), ("watched", watched));
        IAsyncResult running = pipeline.BeginInvoke();
        KernelIds held = WaitForPrograms();
        Thread.Sleep(200);

        Assert.True(Task.Run(pipeline.Stop).Wait(Wait.Limit));
        Assert.Equal(PSInvocationState.Stopped, pipeline.InvocationStateInfo.State);
        Assert.True(running.IsCompleted);
        Kernel.AssertGone(held);
    }

    // Waits for both the program and its link: between loading and attaching there is only the program.
    private static KernelIds WaitForPrograms(int? process = null)
    {
        KernelIds held = new([], []);
        Wait.Until(() => (held = Kernel.Held(process)) is { Programs.Count: > 0, Links.Count: > 0 });
        return held;
    }

    private void Run(string script) => _shell.Objects(script, Variables());

    private (string, object?)[] Variables() =>
    [
        ("program", programs.Execsnoop), ("id", _load.Id),
        ("note", new Action(() => _held ??= Kernel.Held())),
    ];

    private void AssertGone()
    {
        Assert.NotNull(_held);
        Assert.NotEmpty(_held.Programs);
        Kernel.AssertGone(_held);
    }

    public void Dispose()
    {
        _load.Dispose();
        _shell.Dispose();
    }
}
