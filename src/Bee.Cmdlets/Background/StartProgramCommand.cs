using System.Management.Automation;
using System.Management.Automation.Runspaces;
using Bee.Ebpf;

namespace Bee.Cmdlets;

/// <summary>Runs a program in the background.</summary>
[Cmdlet(VerbsLifecycle.Start, "BeeProgram", DefaultParameterSetName = "Image", SupportsShouldProcess = true)]
[OutputType(typeof(BpfProgramSession))]
public sealed class StartProgramCommand : RunCmdlet
{
    /// <summary>The name to know it by. Without it the image's or the file's, with a number behind where that is taken.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <summary>How many events are kept until they are received; the oldest go first. 100,000 by default.</summary>
    [Parameter]
    [ValidateRange(1, 100_000_000)]
    public int BufferSize { get; set; } = 100_000;

    private protected override void Run(ProgramInput input)
    {
        if (!ShouldProcess(input.Origin, "Start program"))
        {
            return;
        }

        (BpfSession session, EventReader reader) = Attach(input);
        BpfProgramSession started;
        try
        {
            EventViews.Register(this, reader.Streams);
            WarnIfSilent(input, reader);
            int id = RunningPrograms.NextId();
            string name = UniqueName(Name ?? input.Name);
            var background = new BackgroundReader(session, reader, name, BufferSize, MaxEvents, Duration);
            Runspace? owner = Runspace.DefaultRunspace;
            started = new BpfProgramSession(id, name, input.Origin, owner?.InstanceId ?? Guid.Empty, session, background);
            // Before others can see it, and so stop it: the runspace cannot close while this command runs.
            background.Start();
            RunningPrograms.Add(started, owner);
        }
        catch
        {
            reader.Dispose();
            session.Dispose();
            throw;
        }

        WriteObject(started);
    }

    private static string UniqueName(string wanted)
    {
        HashSet<string> taken = [.. RunningPrograms.All().Select(session => session.Name)];
        string name = wanted;
        for (int number = 2; taken.Contains(name); number++)
        {
            name = $"{wanted}-{number}";
        }

        return name;
    }
}
