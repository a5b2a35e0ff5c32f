using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;
using Bee.Ebpf;

namespace Bee.Cmdlets;

/// <summary>
/// Gives the runspace a table view for each type that a program is about to emit, so that the first object shows at once: a type without a view
/// makes the formatter wait for more objects, and guess widths.
/// </summary>
internal static class EventViews
{
    // What each runspace has, by type name, and whether with the map's name in front.
    private static readonly ConditionalWeakTable<Runspace, Dictionary<string, Registered>> Known = new();

    private sealed record Registered(bool WithMapName, SessionStateFormatEntry Entry);

    /// <summary>Makes a view for each stream's objects. With more than one stream, tables begin with the map's name.</summary>
    public static void Register(PSCmdlet cmdlet, IReadOnlyList<RecordStream> streams)
    {
        var shapes = streams.Select(stream => (IRecordShape?)stream.RecordType ?? stream.EntryType).OfType<IRecordShape>().ToList();
        Register(cmdlet, shapes, withMapName: shapes.Count > 1);
    }

    /// <summary>Makes a view for a map's entries.</summary>
    public static void Register(PSCmdlet cmdlet, IRecordShape shape) => Register(cmdlet, [shape], withMapName: false);

    private static void Register(PSCmdlet cmdlet, IReadOnlyList<IRecordShape> shapes, bool withMapName)
    {
        // A runspace without an initial state (a remote one's stand-in) keeps PowerShell's own guess.
        if (Runspace.DefaultRunspace is not { InitialSessionState.Formats: { } formats } runspace)
        {
            return;
        }

        var known = Known.GetOrCreateValue(runspace);
        var changed = false;
        foreach (var shape in shapes)
        {
            var name = shape.ClrType.FullName!;
            if (known.TryGetValue(name, out var old))
            {
                if (old.WithMapName == withMapName)
                {
                    continue;
                }

                Remove(formats, old.Entry);
            }

            var entry = new SessionStateFormatEntry(EventTable.Of(shape, withMapName));
            formats.Add(entry);
            known[name] = new Registered(withMapName, entry);
            changed = true;
        }

        if (changed)
        {
            cmdlet.InvokeCommand.InvokeScript("Update-FormatData");
        }
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
