using System.Management.Automation;
using Bee.Ebpf;

namespace Bee.Cmdlets;

/// <summary>Makes the table view of an emitted type: fixed widths, 80 columns at most, values as people read them.</summary>
internal static class EventTable
{
    /// <summary>The definition of the view.</summary>
    /// <param name="shape">The type and its fields.</param>
    /// <param name="withMapName">Whether the map's name comes first.</param>
    /// <returns>A definition for this type only.</returns>
    public static ExtendedTypeDefinition Of(IRecordShape shape, bool withMapName)
    {
        var table = TableControl.Create(outOfBand: false, autoSize: false, hideTableHeaders: false);
        var columns = EventColumns.Of(shape, withMapName);
        foreach (var column in columns)
        {
            table.AddHeader(column.Field.AlignRight ? Alignment.Right : Alignment.Left, column.Width, column.Field.Name);
        }

        var row = table.StartRowDefinition(wrap: false, null, null);
        foreach (var column in columns)
        {
            var alignment = column.Field.AlignRight ? Alignment.Right : Alignment.Left;
            if (Script(column.Field) is { } script)
            {
                row.AddScriptBlockColumn(script, alignment, null);
            }
            else
            {
                row.AddPropertyColumn(column.Field.Name, alignment, null);
            }
        }

        row.EndRowDefinition();
        return new ExtendedTypeDefinition(shape.ClrType.FullName!, [new FormatViewDefinition(shape.Name, table.EndTable())]);
    }

    // Null where PowerShell's own text is the right one.
    private static string? Script(RecordField field)
    {
        var method = field.Meaning switch
        {
            FieldMeaning.Text when field.CName.Length > 0 || field.Name != "MapName" => nameof(EventText.Line),
            FieldMeaning.Duration => nameof(EventText.Duration),
            FieldMeaning.ByteSize => nameof(EventText.ByteSize),
            FieldMeaning.Timestamp => nameof(EventText.TimeOfDay),
            FieldMeaning.Pointer => nameof(EventText.Hex),
            FieldMeaning.UserId => nameof(EventText.User),
            FieldMeaning.GroupId => nameof(EventText.Group),
            FieldMeaning.Syscall => nameof(EventText.Syscall),
            FieldMeaning.Bytes => nameof(EventText.Bytes),
            FieldMeaning.Array or FieldMeaning.Object => nameof(EventText.Line),
            _ => null,
        };
        return method is null ? null : $"[Bee.Cmdlets.EventText]::{method}($_.'{field.Name.Replace("'", "''", StringComparison.Ordinal)}')";
    }
}
