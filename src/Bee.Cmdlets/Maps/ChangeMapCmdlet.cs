using System.Collections;
using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Sessions;
using Bee.Cmdlets.Views;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Records;

namespace Bee.Cmdlets.Maps;

/// <summary>A cmdlet that changes the entries of a map.</summary>
public abstract class ChangeMapCmdlet : BeeCmdlet
{
    /// <summary>The parameter sets: what names the map, and how the entries are given.</summary>
    private protected const string ByInput = "Input", ByKey = "Key", ByMapAndInput = "MapInput", ByMapAndKey = "MapKey";

    private static readonly string[] s_asking = ["WhatIf", "Confirm", "Verbose", "Debug"];

    private readonly Dictionary<string, MapWriter?> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<MapInfo, MapWriter> _byMap = [];
    private MapWriter? _viewed;
    private bool? _asks;

    /// <summary>The programs whose maps can be meant: names or ids; wildcards are allowed. Without it all programs.</summary>
    /// <remarks>Each cmdlet says in which of its parameter sets.</remarks>
    public abstract string[] Program { get; set; }

    /// <summary>
    /// Whether to go on with an entry. Where nobody wants to see or to be asked, the question and its text are spared: maps have many entries.
    /// </summary>
    private protected bool ShouldChange(MapWriter writer, object? entry, string action)
    {
        _asks ??= Asks();
        return !_asks.Value || ShouldProcess($"map {writer.Map.Name}: {EntryText.Of(entry)}", action);
    }

    /// <summary>The writer for the map that is meant: given as such, by name, or by the entry itself. Null after an error has been written.</summary>
    private protected MapWriter? Writer(MapInfo? map, string? name, object? entry)
    {
        if (map is not null)
        {
            MapWriter? writer = null;
            Guard(map, () => writer = For(map));
            return writer;
        }

        if ((name ?? MapNameOf(entry)) is { } known)
        {
            return Find(known);
        }

        WriteError(new BeeInputException("MapNameMissing", "The entry does not say which map it is of.", "Name the map with -Name, or give entries that have a MapName."), entry);
        return null;
    }

    /// <summary>Gives an entry, with a view for its type; null gives nothing.</summary>
    private protected void Give(MapWriter writer, MapEntry? entry)
    {
        if (entry is null)
        {
            return;
        }

        if (_viewed != writer && writer.Map.EntryType is { } type)
        {
            EventViews.Register(this, type);
            _viewed = writer;
        }

        CommandRuntime.WriteObject(entry);
    }

    /// <summary>The writer for a map that was named, looked for once; null after the error of a name that is no map's has been written.</summary>
    private MapWriter? Find(string name)
    {
        if (!_byName.TryGetValue(name, out MapWriter? writer))
        {
            // One error a name, not one for each of its entries.
            Guard(name, () => writer = For(MapSelector.Single(name, new SessionSelector(this).Select(Program))));
            _byName[name] = writer;
        }

        return writer;
    }

    /// <summary>The writer for a map.</summary>
    private MapWriter For(MapInfo map)
    {
        if (!_byMap.TryGetValue(map, out MapWriter? writer))
        {
            writer = _byMap[map] = new MapWriter(map.Map);
        }

        return writer;
    }

    /// <summary>The name of the map that an entry says it is of, or null.</summary>
    private static string? MapNameOf(object? entry) => entry switch
    {
        IDictionary members => members.Keys.OfType<string>().FirstOrDefault(name => name.Equals("MapName", StringComparison.OrdinalIgnoreCase)) is { } name ? members[name]?.ToString() : null,
        MapEntry made => made.GetType().GetProperty("MapName")?.GetValue(made) as string,
        _ => null,
    };

    /// <summary>Runs the work on one entry; what goes wrong is a record about it, and the others go on.</summary>
    private protected bool GuardEntry(MapWriter writer, object? entry, Action work)
    {
        bool done = false;
        Guard(entry, () =>
        {
            try
            {
                work();
                done = true;
            }
            catch (ObjectDisposedException)
            {
                throw new BeeInputException("ProgramEnded", $"The program of the map {writer.Map.Name} has ended, and the map with it.");
            }
        });
        return done;
    }

    private bool Asks()
        => s_asking.Any(MyInvocation.BoundParameters.ContainsKey)
            || LanguagePrimitives.IsTrue(GetVariableValue("WhatIfPreference"))
            || GetVariableValue("ConfirmPreference") is not ConfirmImpact.High
            || GetVariableValue("VerbosePreference") is not ActionPreference.SilentlyContinue;
}
