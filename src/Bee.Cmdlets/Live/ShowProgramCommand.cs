using System.Management.Automation;
using Bee.Cmdlets.Live;
using Bee.Ebpf;
using Bee.Terminal.Models;

namespace Bee.Cmdlets;

/// <summary>Shows what a tool reports on the whole screen, until the user ends it.</summary>
[Cmdlet(VerbsCommon.Show, "BeeProgram", DefaultParameterSetName = "Image")]
[OutputType(typeof(BpfEvent), typeof(MapEntry))]
public sealed class ShowProgramCommand : RunCmdlet
{
    private readonly List<BpfProgramSession> _sessions = [];

    /// <summary>Programs that run in the background, by name, id or object; wildcards are allowed. They go on when the view ends.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Session")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackgroundProgramCompleter))]
    public object[]? Session { get; set; }

    /// <summary>Programs that run in the background, as Start-BeeProgram and Get-BeeProgram give them.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "InputObject", ValueFromPipeline = true)]
    [ValidateNotNull]
    public BpfProgramSession[]? InputObject { get; set; }

    /// <summary>Gives the objects that the user has marked, when the view has ended.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    // A table of entries must not show keys that were deleted.
    private protected override bool ReadsAllEntries => All || LiveScreen.WhyNot() is null;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (InputObject is not null)
        {
            _sessions.AddRange(InputObject.Except(_sessions));
        }
        else if (Session is not null)
        {
            _sessions.AddRange(Session.SelectMany(Sessions).Distinct());
        }
        else
        {
            base.ProcessRecord();
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_sessions.Count > 0)
        {
            WarnOfRunOptions();
            Guard(_sessions[0], () => new BackgroundView(this, CommandRuntime).Show(_sessions, Interval, Stop).ForEach(GiveMarked));
        }
    }

    private protected override void Run(ProgramInput input)
    {
        string? whyNot = LiveScreen.WhyNot();
        if (whyNot is not null)
        {
            WriteWarning($"The live view needs a terminal, and {whyNot}: what {input.Name} reports follows as plain tables.");
        }

        (BpfSession session, EventReader reader) = Attach(input);
        LiveModel? model = null;
        using (session)
        using (reader)
        using (Measure(input, session, reader))
        {
            EventViews.Register(this, reader.Streams);
            StackNames.WarnIfHidden(this, reader.Streams);
            WarnIfSilent(input, reader);
            if (whyNot is not null)
            {
                var sink = new PipelineSink(this, CommandRuntime, MaxEvents);
                reader.Run(sink, Stop, Duration);
                sink.TellLosses();
            }
            else
            {
                model = Show(input, session, reader);
            }
        }

        foreach (RecordStream stream in reader.Streams)
        {
            Tell(LossCount.Describe(stream));
            if (LossCount.Suspicion(stream) is { } suspicion)
            {
                WriteWarning(suspicion);
            }
        }

        foreach (object marked in model?.Marked ?? [])
        {
            GiveMarked((BpfEvent)marked);
        }
    }

    private void GiveMarked(BpfEvent marked)
    {
        if (PassThru)
        {
            WriteObject(EventObject.Of(marked));
        }
    }

    private IEnumerable<BpfProgramSession> Sessions(object given)
    {
        object item = given is PSObject wrapped ? wrapped.BaseObject : given;
        if (item is BpfProgramSession session)
        {
            return [session];
        }

        string name = LanguagePrimitives.ConvertTo<string>(item);
        WildcardPattern pattern = NamePattern.Of(name);
        BpfProgramSession[] found = [.. RunningPrograms.All().Where(one => pattern.IsMatch(one.Name) || name == one.Id.ToString(System.Globalization.CultureInfo.InvariantCulture))];
        if (found.Length > 0 || WildcardPattern.ContainsWildcardCharacters(name))
        {
            return found;
        }

        if (PinnedSessions.Find(name) is { } pinned)
        {
            return [pinned];
        }

        WriteError(new BeeInputException("ProgramNotFound", $"No program '{name}' runs in the background or is pinned.", "Get-BeeProgram lists them; Start-BeeProgram starts one."), name);
        return [];
    }

    private void WarnOfRunOptions()
    {
        string[] own = [nameof(Session), nameof(InputObject), nameof(PassThru), nameof(Interval), .. CommonParameters, .. OptionalCommonParameters];
        foreach (string name in MyInvocation.BoundParameters.Keys.Except(own))
        {
            WriteWarning($"-{name} has no effect: the programs that are shown run already.");
        }
    }

    private LiveModel Show(ProgramInput input, BpfSession session, EventReader reader)
    {
        bool hasEnded = false;
        IReadOnlyList<RecordStream> streams = reader.Streams;
        LiveSink? sink = null;
        var model = new LiveModel(input.Name, () => StreamStatus.Of(streams, sink!.Count, null, Volatile.Read(ref hasEnded)));
        var tabs = new LiveTabs(model);
        tabs.Add(streams, Interval, ReadsAllEntries, isNew: true);
        sink = new LiveSink(tabs, MaxEvents);
        using var screen = LiveScreen.Show(model);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Stop, screen.Closed);
        try
        {
            reader.Run(sink, end.Token, Duration);
        }
        finally
        {
            // Before the terminal is let go of: a signal that ends the process waits for that.
            reader.Dispose();
            session.Dispose();
        }

        Volatile.Write(ref hasEnded, true);
        screen.Wait(Stop);
        screen.End();
        foreach (string notice in sink.Notices)
        {
            WriteWarning(notice);
        }

        return model;
    }
}
