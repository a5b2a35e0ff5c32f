using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Sessions;
using Bee.Cmdlets.Views;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Records;

namespace Bee.Cmdlets.Maps;

/// <summary>A cmdlet that changes the entries of a map.</summary>
public abstract class ChangeMapCmdlet : BeeCmdlet
{
    /// <summary>The parameter sets: what names the map, and how the entries are given.</summary>
    private protected const string ByInput = "Input", ByKey = "Key", ByMapAndInput = "MapInput", ByMapAndKey = "MapKey", ByEntry = "Entry";

    private static readonly string[] s_asking = ["WhatIf", "Confirm", "Verbose", "Debug"];

    private MapWriters? _writers;
    private MapWriter? _viewed;
    private bool? _asks;

    /// <summary>The programs whose maps can be meant: names or ids; wildcards are allowed. Without it all programs.</summary>
    /// <remarks>Each cmdlet says in which of its parameter sets.</remarks>
    public abstract string[] Program { get; set; }

    /// <summary>Finds the maps.</summary>
    private protected MapWriters Writers => _writers ??= new MapWriters(this);

    /// <summary>
    /// Whether to go on with an entry. Where nobody wants to see or to be asked, the question and its text are spared: maps have many entries.
    /// </summary>
    private protected bool ShouldChange(MapWriter writer, object? entry, string action)
    {
        _asks ??= s_asking.Any(MyInvocation.BoundParameters.ContainsKey)
            || LanguagePrimitives.IsTrue(GetVariableValue("WhatIfPreference"))
            || GetVariableValue("ConfirmPreference") is not ConfirmImpact.High
            || GetVariableValue("VerbosePreference") is not ActionPreference.SilentlyContinue;
        return !_asks.Value || ShouldProcess($"map {writer.Map.Name}: {EntryText.Of(entry)}", action);
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
}
