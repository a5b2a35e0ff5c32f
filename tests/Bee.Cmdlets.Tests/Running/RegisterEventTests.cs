using System.Reflection;

namespace Bee.Cmdlets.Tests;

[Collection("Bee")]
public sealed class RegisterEventTests : IDisposable
{
    private readonly Shell _shell = new();
    private readonly Load _load = new();

    public RegisterEventTests(Programs programs) => _shell.Objects(
        "$global:program = Start-BeeProgram $object -Name subscribed -Parameter @{ target_pid = $id } -Map print_*", ("object", programs.Calls), ("id", _load.Id));

    [KernelFact]
    public void Action_runs_for_each_event_in_order_and_keeps_the_buffer()
    {
        _shell.Objects("$global:seen = [Collections.Concurrent.ConcurrentQueue[object]]::new(); $global:job = Register-BeeEvent subscribed -SourceIdentifier calls -MessageData $global:seen -Action { $Event.MessageData.Enqueue($EventArgs.Event.number) }");
        Assert.Equal(["System.Management.Automation.PSEventJob"], Strings("$global:job.GetType().FullName"));
        _load.Do("i=0; while [ $i -lt 20 ]; do : < /etc/hostname; i=$((i + 1)); done");

        Wait.Until(() => Strings("$global:seen.Count") is ["20"]);
        Assert.Equal(Enumerable.Range(1, 20).Select(n => $"{n}"), Strings("$global:seen"));
        Assert.Equal(["20", "0", "True"], Strings("(Get-EventSubscriber calls).SourceObject | ForEach-Object { $_.Given; $_.Dropped; $_.IsActive }"));
        Wait.Until(() => Taps() == 1);

        Assert.Equal(["False", "Stopped"], Strings("$global:source = (Get-EventSubscriber calls).SourceObject; Unregister-Event calls; $global:source.IsActive; $global:job.State"));
        Assert.Equal(0, Taps());
        Assert.Equal(["20"], Strings("(Receive-BeeEvent subscribed).Count"));
    }

    [KernelFact]
    public void Queue_without_an_action_is_bounded_and_counts_dropped_events()
    {
        _shell.Objects("Register-BeeEvent $global:program -SourceIdentifier waiting -QueueSize 3");
        _load.Do("i=0; while [ $i -lt 10 ]; do : < /etc/hostname; i=$((i + 1)); done");
        Wait.Until(() => Strings("$global:source = (Get-EventSubscriber waiting).SourceObject; $global:source.Given + $global:source.Dropped") is ["10"]);

        Assert.Equal(["1", "2", "3"], Strings("Get-Event waiting | ForEach-Object { $_.SourceEventArgs.Event.number }"));
        Assert.Equal(["7"], Strings("$global:source.Dropped"));
        _shell.Objects("Remove-Event waiting");
        // A full queue is counted again at most every 50 ms.
        Thread.Sleep(60);
        _load.Do(": < /etc/hostname");
        Wait.Until(() => Strings("(Get-Event waiting -ErrorAction Ignore).SourceEventArgs.Dropped") is ["7"]);
        _shell.Objects("Unregister-Event waiting");
        Assert.Equal(0, Taps());
    }

    [KernelFact]
    public void Subscription_ends_after_MaxTriggerCount_and_with_its_runspace()
    {
        _shell.Objects("Register-BeeEvent $global:program -SourceIdentifier two -MaxTriggerCount 2");
        Assert.Equal("SubscriberExists,Bee.Cmdlets.Events.RegisterEventCommand", _shell.Error("Register-BeeEvent $global:program -SourceIdentifier two").FullyQualifiedErrorId);
        using (var other = new Shell())
        {
            other.Objects("$null = Register-BeeEvent subscribed -Action { }");
            Assert.Equal(2, Taps());
        }

        Wait.Until(() => Taps() == 1);
        _load.Do("i=0; while [ $i -lt 5 ]; do : < /etc/hostname; i=$((i + 1)); done");
        Wait.Until(() => Taps() == 0);
        Assert.Equal(["1", "2"], Strings("Get-Event two | ForEach-Object { $_.SourceEventArgs.Event.number }"));
        Assert.Empty(Strings("Get-EventSubscriber"));
        Assert.StartsWith("ProgramNotFound", _shell.Error("Register-BeeEvent nothing").FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _shell.Objects("Stop-BeeProgram subscribed");
        _load.Dispose();
        _shell.Dispose();
    }

    private string[] Strings(string script) => [.. _shell.Objects(script).Select(item => $"{item}")];

    // The number of listeners to the session's events.
    private int Taps()
    {
        const BindingFlags Hidden = BindingFlags.Instance | BindingFlags.NonPublic;
        object session = _shell.Objects("$global:program")[0].BaseObject;
        object buffer = session.GetType().GetProperty("Buffer", Hidden)!.GetValue(session)!;
        return ((Array)buffer.GetType().GetField("_taps", Hidden)!.GetValue(buffer)!).Length;
    }
}
