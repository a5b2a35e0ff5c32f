using System.Management.Automation;
using Bee.Ebpf.Records;

namespace Bee.Cmdlets;

/// <summary>What is written to the pipeline for an event.</summary>
internal static class EventObject
{
    /// <summary>The event itself; one that was truncated also goes by the name of its map's type, so that it stands in the same table as the others.</summary>
    public static object Of(BpfEvent item)
    {
        if (item is not TruncatedEvent truncated)
        {
            return item;
        }

        var wrapped = PSObject.AsPSObject(truncated);
        wrapped.TypeNames.Insert(0, truncated.WholeType().FullName!);
        return wrapped;
    }
}
