using System.Management.Automation;
using Bee.Ebpf;

namespace Bee.Cmdlets;

/// <summary>Makes table views for what programs are about to give.</summary>
internal static class EventViews
{
    /// <summary>Makes a view for each stream's objects.</summary>
    public static void Register(PSCmdlet cmdlet, IReadOnlyList<RecordStream> streams)
    {
    }

    /// <summary>Makes a view for a map's entries.</summary>
    public static void Register(PSCmdlet cmdlet, IRecordShape shape)
    {
    }
}
