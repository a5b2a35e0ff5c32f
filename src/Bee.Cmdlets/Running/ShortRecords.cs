using System.Management.Automation;
using Bee.Ebpf;

namespace Bee.Cmdlets;

/// <summary>Records that are shorter than their type.</summary>
internal static class ShortRecords
{
    /// <summary>The error record of one.</summary>
    public static ErrorRecord Error(ShortRecord record) => new(
        new ShortRecordException(record.Map, record.Expected, record.Found), "ShortRecord", ErrorCategory.InvalidData, record);
}
