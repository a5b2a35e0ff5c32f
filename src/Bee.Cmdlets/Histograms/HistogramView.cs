using System.Management.Automation;
using Bee.Ebpf.Records;

namespace Bee.Cmdlets;

/// <summary>The view of histograms that come among events.</summary>
internal static class HistogramView
{
    /// <summary>
    /// A drawing that does not belong to the table around it. PowerShell keeps the view of the first object for a whole pipeline, so without this a histogram
    /// among events would be a list of its properties. The price is that Format-List and Format-Table draw it too, unless they have -Force; so
    /// it is made only for runs that need it.
    /// </summary>
    public static ExtendedTypeDefinition AmongOthers(HistogramType type)
    {
        CustomControl drawing = CustomControl.Create(outOfBand: true)
            .StartEntry(null, null)
            .AddScriptBlockExpressionBinding("[Bee.Cmdlets.HistogramText]::Draw($_, $Host)", false, null, null, null)
            .AddNewline(1)
            .EndEntry()
            .EndControl();
        return new ExtendedTypeDefinition(type.ClrType.FullName!, [new FormatViewDefinition("Bee.Histograms", drawing)]);
    }
}
