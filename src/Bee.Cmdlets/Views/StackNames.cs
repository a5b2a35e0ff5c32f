using System.Management.Automation;
using Bee.Ebpf.Events;
using Bee.Ebpf.Records;
using Bee.Ebpf.Symbols;

namespace Bee.Cmdlets;

/// <summary>Whether stacks will have the names of the kernel's functions.</summary>
internal static class StackNames
{
    /// <summary>Warns where objects with stacks are about to come and this process may not see the kernel's names: bare addresses look like a fault of the program.</summary>
    public static void WarnIfHidden(Cmdlet cmdlet, IEnumerable<IRecordShape?> shapes)
    {
        if (shapes.Any(shape => shape is not null && shape.Fields.Any(field => field.Meaning == FieldMeaning.Stack)) && KernelSymbols.Problem is { } problem)
        {
            cmdlet.WriteWarning(problem);
        }
    }

    /// <summary>The same for the objects of streams.</summary>
    public static void WarnIfHidden(Cmdlet cmdlet, IReadOnlyList<RecordStream> streams)
        => WarnIfHidden(cmdlet, streams.Select(stream => stream.Shape));
}
