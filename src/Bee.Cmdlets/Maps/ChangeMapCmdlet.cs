using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Sessions;
using Bee.Cmdlets.Views;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Records;

namespace Bee.Cmdlets.Maps;

/// <summary>The base of cmdlets that change the entries of a map.</summary>
public abstract class ChangeMapCmdlet : BeeCmdlet
{
    /// <summary>The parameter sets, which differ in how the map and the entries are given.</summary>
    private protected const string ByInput = "Input", ByKey = "Key", ByMapAndInput = "MapInput", ByMapAndKey = "MapKey", ByEntry = "Entry";

    private static readonly string[] s_asking = ["WhatIf", "Confirm", "Verbose", "Debug"];

    private MapWriters? _writers;
    private MapWriter? _viewed;
    private bool? _asks;

    /// <summary>The sessions to search for the map: names or ids; wildcards are allowed. By default all.</summary>
    /// <remarks>Each cmdlet assigns it to parameter sets.</remarks>
    public abstract string[] Program { get; set; }

    /// <summary>Finds and caches the writers of maps.</summary>
    private protected MapWriters Writers => _writers ??= new MapWriters(this);

    /// <summary>
    /// Returns whether to change an entry. Does not format the confirmation text unless -WhatIf, -Confirm, -Verbose or -Debug needs it, because maps can have many entries.
    /// </summary>
    private protected bool ShouldChange(MapWriter writer, object? entry, string action)
    {
        _asks ??= s_asking.Any(MyInvocation.BoundParameters.ContainsKey)
            || LanguagePrimitives.IsTrue(GetVariableValue("WhatIfPreference"))
            || GetVariableValue("ConfirmPreference") is not ConfirmImpact.High
            || GetVariableValue("VerbosePreference") is not ActionPreference.SilentlyContinue;
        return !_asks.Value || ShouldProcess($"map {writer.Map.Name}: {EntryText.Of(entry)}", action);
    }

    /// <summary>Writes an entry to the pipeline and registers the view of its type. Ignores null.</summary>
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
