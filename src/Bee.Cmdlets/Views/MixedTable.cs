using System.Management.Automation;
using Bee.Ebpf.Records;

namespace Bee.Cmdlets;

/// <summary>
/// Makes the one table of a run with several streams: the map's name, the fields that all types have, and the others of each as text. PowerShell
/// keeps the view of the first object for a whole pipeline, and shows whatever that view does not know as a list; so one view has to know all.
/// </summary>
internal static class MixedTable
{
    private const int MaxName = 20;
    // What is left for the rest stays readable.
    private const int MaxSharedPart = 2;

    /// <summary>The definition of the view.</summary>
    /// <param name="shapes">All types of the run, two at least.</param>
    /// <param name="screen">How many columns of text the screen has.</param>
    /// <returns>A definition for these types.</returns>
    public static ExtendedTypeDefinition Of(IReadOnlyList<IRecordShape> shapes, int screen)
    {
        var columns = new List<EventColumn>();
        var first = shapes[0];
        var width = shapes.Max(shape => Math.Clamp(shape.Name.Length, "MapName".Length, MaxName));
        var left = screen / MaxSharedPart;
        foreach (var field in EventColumns.Shown(first).Where(field => field.CName.Length > 0 && shapes.All(shape => Has(shape, field))))
        {
            var needed = field.MetadataIn(first.Metadata).Width ?? Math.Max(Math.Min(field.Width, 16), field.Name.Length);
            if (needed + 1 <= left)
            {
                columns.Add(EventColumns.Column(first, field, needed));
                left -= needed + 1;
            }
        }

        var table = TableControl.Create(outOfBand: false, autoSize: false, hideTableHeaders: false).AddHeader(Alignment.Left, width, "MapName");
        foreach (var column in columns)
        {
            table.AddHeader(EventTable.AlignmentOf(column.AlignRight), column.Width, column.Field.Name);
        }

        var row = table.AddHeader(Alignment.Left, EventTable.Rest, "Details").StartRowDefinition(wrap: false, null, null).AddPropertyColumn("MapName", Alignment.Left, null);
        foreach (var column in columns)
        {
            EventTable.AddColumn(row, column);
        }

        var shown = EventTable.Member(string.Join(',', columns.Select(column => column.Field.Name).Prepend("MapName")));
        row.AddScriptBlockColumn($"[Bee.Cmdlets.EventText]::Details($_, {shown})", Alignment.Left, null).EndRowDefinition();
        var definition = new ExtendedTypeDefinition(first.ClrType.FullName!, [new FormatViewDefinition("Bee.Events", table.EndTable())]);
        definition.TypeNames.AddRange(shapes.Skip(1).Select(shape => shape.ClrType.FullName!));
        return definition;
    }

    private static bool Has(IRecordShape shape, RecordField field) =>
        EventColumns.Shown(shape).Any(other => other.Name == field.Name && other.Meaning == field.Meaning && other.CName.Length > 0);
}
