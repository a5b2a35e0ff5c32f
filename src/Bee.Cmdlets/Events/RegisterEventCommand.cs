using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Completion;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Sessions;
using Bee.Cmdlets.Views;

namespace Bee.Cmdlets.Events;

/// <summary>Subscribes to the events of background sessions through PowerShell's event queue.</summary>
[Cmdlet(VerbsLifecycle.Register, "BeeEvent")]
[OutputType(typeof(PSEventJob))]
public sealed class RegisterEventCommand : BeeCmdlet
{
    /// <summary>Background sessions, by name, id or object; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [Alias("Name", "Id", "InputObject")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackgroundProgramCompleter))]
    public object[] Session { get; set; } = [];

    /// <summary>The script to run for each event. Without it, events wait for Get-Event and Wait-Event.</summary>
    [Parameter(Position = 1)]
    public ScriptBlock? Action { get; set; }

    /// <summary>The subscription's source identifier. By default a new GUID.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? SourceIdentifier { get; set; }

    /// <summary>The data that the action finds in $Event.MessageData.</summary>
    [Parameter]
    public PSObject? MessageData { get; set; }

    /// <summary>Hides the subscription.</summary>
    [Parameter]
    public SwitchParameter SupportEvent { get; set; }

    /// <summary>The number of events after which the subscription ends; 0 for no limit.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int MaxTriggerCount { get; set; }

    /// <summary>The maximum number of waiting events.</summary>
    [Parameter]
    [ValidateRange(1, 10_000_000)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int QueueSize { get; set; } = 10_000;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (BpfProgramSession session in new SessionSelector(this).Select(Session))
        {
            Guard(session, () => Register(session));
        }
    }

    private void Register(BpfProgramSession session)
    {
        if (Action is not null && !BeeEventSubscription.IsSupported)
        {
            throw new NotSupportedException("This version of PowerShell does not signal when an action has run, so its event queue could not be bounded. Use Receive-BeeEvent instead.");
        }

        // The events of a pinned session may have no reader yet.
        if (!session.Read())
        {
            if (session.Error is { } fault)
            {
                WriteError(fault, session);
            }

            return;
        }

        string source = SourceIdentifier ?? Guid.NewGuid().ToString();
        if (Events.GetEventSubscribers(source).Any())
        {
            throw new BeeInputException("SubscriberExists", $"A subscription with the source identifier '{source}' already exists.", "Give another -SourceIdentifier, or end the other subscription with Unregister-Event.");
        }

        EventViews.Register(this, session.Streams);
        var subscription = new BeeEventSubscription(session, Events, source, MessageData, Action is not null, QueueSize, MaxTriggerCount);
        PSEventSubscriber subscriber = Events.SubscribeEvent(subscription, nameof(BeeEventSubscription.Received), source, MessageData, Action, SupportEvent, forwardEvent: false, MaxTriggerCount);
        subscription.Start();
        if (subscriber.Action is { } job && !SupportEvent)
        {
            WriteObject(job);
        }
    }
}
