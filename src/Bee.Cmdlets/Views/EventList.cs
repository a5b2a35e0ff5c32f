using System.Management.Automation;
using Bee.Ebpf.Records;

namespace Bee.Cmdlets;

/// <summary>Makes the list view of an emitted type: all fields, exact, and without characters that a terminal obeys.</summary>
internal static class EventList
{
    /// <summary>Returns the view's control.</summary>
    /// <param name="shape">The type and its fields.</param>
    public static ListControl Of(IRecordShape shape)
    {
        var entry = ListControl.Create(outOfBand: false).StartEntry(null, null);
        foreach (var field in shape.Fields)
        {
            entry.AddItemScriptBlock($"[Bee.Cmdlets.EventText]::Item('{EventColumns.MeaningOf(shape, field)}', $_.{EventTable.Member(field.Name)})", field.Name, null);
        }

        return entry.EndEntry().EndList();
    }
}
