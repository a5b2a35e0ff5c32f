using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;
using Bee.Ebpf;

namespace Bee.Cmdlets;

/// <summary>
/// Gives the runspace a table view for the types that a program is about to emit, so that the first object shows at once: a type without a view
/// makes the formatter wait for more objects, and guess widths.
/// </summary>
internal static class EventViews
{
    private const string UpdateName = "Update-FormatData";

    // A part of pwsh. An engine that another program hosts may be without it.
    private const string UpdateCommand = "Microsoft.PowerShell.Commands.UpdateFormatDataCommand, Microsoft.PowerShell.Commands.Utility";

    private static readonly ConditionalWeakTable<Runspace, ViewList> Known = new();

    /// <summary>Makes a view for the objects of all streams: a table of its own for one stream, a common one for several.</summary>
    public static void Register(PSCmdlet cmdlet, IReadOnlyList<RecordStream> streams)
    {
        List<IRecordShape> shapes = [.. streams.Select(stream => (IRecordShape?)stream.RecordType ?? stream.EntryType).OfType<IRecordShape>().DistinctBy(shape => shape.ClrType)];
        // Alone they have the view of the format file.
        List<HistogramType> histograms = shapes.Count == 0 ? [] : [.. streams.Select(stream => stream.HistogramType).OfType<HistogramType>().DistinctBy(type => type.ClrType)];
        Register(cmdlet, shapes, histograms);
    }

    /// <summary>Makes a view for a map's entries.</summary>
    public static void Register(PSCmdlet cmdlet, IRecordShape shape) => Register(cmdlet, [shape], []);

    private static void Register(PSCmdlet cmdlet, IReadOnlyList<IRecordShape> shapes, IReadOnlyList<HistogramType> histograms)
    {
        // A runspace without an initial state (a remote one's stand-in) keeps PowerShell's own guess.
        if (shapes.Count == 0 || Runspace.DefaultRunspace is not { InitialSessionState.Formats: { } formats } runspace)
        {
            return;
        }

        ViewList views = Known.GetOrCreateValue(runspace);
        bool isNew = views.Add(shapes, formats);
        foreach (HistogramType type in histograms)
        {
            isNew |= views.Add(type, formats);
        }

        if (isNew)
        {
            try
            {
                Update(cmdlet);
            }
            catch (RuntimeException fault) when (fault is not PipelineStoppedException)
            {
                // A runspace without the command, or with somebody's broken format file: the objects are worth more than their looks.
                cmdlet.WriteDebug($"No table views: {fault.Message}");
            }
        }
    }

    /// <summary>Has the runspace read its list of views again.</summary>
    private static void Update(PSCmdlet cmdlet)
    {
        if (Type.GetType(UpdateCommand) is not { } type)
        {
            cmdlet.InvokeCommand.InvokeScript(UpdateName);
            return;
        }

        // By its class: looking for the name goes through every folder of PATH and imports a module of a hundred commands, a third of what a first run takes.
        using PowerShell shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
        shell.AddCommand(new CmdletInfo(UpdateName, type)).Invoke();
        foreach (ErrorRecord error in shell.Streams.Error)
        {
            cmdlet.WriteDebug($"No table views: {error}");
        }
    }

    /// <summary>The views that a runspace has, each type in one of them at most.</summary>
    private sealed class ViewList
    {
        private readonly Dictionary<string, (string Group, SessionStateFormatEntry Entry)> _views = [];

        /// <summary>Adds a view, unless it is there; says whether it was not.</summary>
        public bool Add(IReadOnlyList<IRecordShape> shapes, InitialSessionStateEntryCollection<SessionStateFormatEntry> formats)
        {
            var names = shapes.Select(shape => shape.ClrType.FullName!).ToList();
            var group = string.Join('\n', shapes.Select(shape => $"{shape.ClrType.FullName} {EventColumns.Signature(shape)}"));
            if (names.TrueForAll(name => _views.TryGetValue(name, out var view) && view.Group == group))
            {
                return false;
            }

            // The same type runs alone now and with others then: the newer view counts. Of an older common one the other types lose
            // theirs too, until they run again.
            foreach (var name in names)
            {
                if (_views.TryGetValue(name, out var old))
                {
                    Remove(formats, old.Entry);
                    foreach (var gone in _views.Where(view => ReferenceEquals(view.Value.Entry, old.Entry)).Select(view => view.Key).ToList())
                    {
                        _views.Remove(gone);
                    }
                }
            }

            var entry = new SessionStateFormatEntry(shapes.Count == 1 ? EventTable.Of(shapes[0]) : MixedTable.Of(shapes));
            formats.Add(entry);
            names.ForEach(name => _views[name] = (group, entry));
            return true;
        }

        /// <summary>Adds a view for histograms that come among other objects, unless it is there; says whether it was not.</summary>
        public bool Add(HistogramType type, InitialSessionStateEntryCollection<SessionStateFormatEntry> formats)
        {
            var name = type.ClrType.FullName!;
            if (_views.ContainsKey(name))
            {
                return false;
            }

            var entry = new SessionStateFormatEntry(HistogramView.AmongOthers(type));
            formats.Add(entry);
            _views[name] = (name, entry);
            return true;
        }

        private static void Remove(InitialSessionStateEntryCollection<SessionStateFormatEntry> formats, SessionStateFormatEntry entry)
        {
            for (var i = formats.Count - 1; i >= 0; i--)
            {
                if (ReferenceEquals(formats[i], entry))
                {
                    formats.RemoveItem(i);
                    return;
                }
            }
        }
    }
}
