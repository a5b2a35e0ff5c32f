using System.Management.Automation;
using Bee.Ebpf.Records;

namespace Bee.Cmdlets.Views;

/// <summary>Makes the table view of an emitted type: widths for the screen, values as people read them.</summary>
internal static class EventTable
{
    /// <summary>The width of a column that takes what the others leave.</summary>
    public const int Rest = 0;

    /// <summary>Returns the view.</summary>
    /// <param name="shape">The type and its fields.</param>
    /// <param name="screen">How many columns of text the screen has.</param>
    /// <returns>A table with the type's columns. Events of other types, which may come behind, have rows in it too: the fields of the same name, and in the last column all others.</returns>
    public static TableControl Of(IRecordShape shape, int screen)
    {
        var table = TableControl.Create(outOfBand: false, autoSize: false, hideTableHeaders: false);
        var columns = EventColumns.Of(shape, screen);
        foreach (var column in columns)
        {
            // The formatter gives the last one what is left, so that the table also fits Out-String -Width and a window that was resized.
            table.AddHeader(AlignmentOf(column.AlignRight), column == columns[^1] && !column.AlignRight ? Rest : column.Width, column.Field.Name);
        }

        // A definition may have one kind of row only, so the last column asks what the object is.
        var row = table.StartRowDefinition(wrap: false, null, null);
        foreach (var column in columns.SkipLast(1))
        {
            AddColumn(row, column);
        }

        var last = columns[^1];
        var known = Member(string.Join(',', columns.SkipLast(1).Select(column => column.Field.Name).Prepend("MapName")));
        row.AddScriptBlockColumn(
            $"[Bee.Cmdlets.Views.EventText]::Last($_, '{shape.ClrType.FullName}', '{last.Meaning}', {Member(last.Field.Name)}, {known})", AlignmentOf(last.AlignRight), null).EndRowDefinition();
        return table.EndTable();
    }

    /// <summary>A property's name as a script accesses it.</summary>
    public static string Member(string name) => $"'{name.Replace("'", "''", StringComparison.Ordinal)}'";

    /// <summary>The alignment in PowerShell's terms.</summary>
    public static Alignment AlignmentOf(bool alignRight) => alignRight ? Alignment.Right : Alignment.Left;

    /// <summary>Adds a column to a row.</summary>
    public static void AddColumn(TableRowDefinitionBuilder row, EventColumn column)
    {
        if (Method(column.Meaning) is { } method)
        {
            row.AddScriptBlockColumn($"[Bee.Cmdlets.Views.EventText]::{method}($_.{Member(column.Field.Name)})", AlignmentOf(column.AlignRight), null);
        }
        else
        {
            row.AddPropertyColumn(column.Field.Name, AlignmentOf(column.AlignRight), null);
        }
    }

    // Null where PowerShell's own text is the right one.
    private static string? Method(FieldMeaning meaning) => meaning switch
    {
        FieldMeaning.Text or FieldMeaning.Array or FieldMeaning.Object => nameof(EventText.Line),
        FieldMeaning.Duration => nameof(EventText.Duration),
        FieldMeaning.ByteSize => nameof(EventText.ByteSize),
        FieldMeaning.Timestamp => nameof(EventText.TimeOfDay),
        FieldMeaning.Pointer => nameof(EventText.Hex),
        FieldMeaning.UserId => nameof(EventText.User),
        FieldMeaning.GroupId => nameof(EventText.Group),
        FieldMeaning.Bytes => nameof(EventText.Bytes),
        FieldMeaning.Stack => nameof(EventText.Stack),
        FieldMeaning.Words => nameof(EventText.Words),
        _ => null,
    };
}
