using System.Management.Automation;
using System.Management.Automation.Host;
using System.Text;
using Bee.Ebpf.Records;
using Bee.Posix;

namespace Bee.Cmdlets.Views;

/// <summary>
/// Draws the table of events and entries whose view is not registered in this session, for the view in formats/Bee.Format.ps1xml: those that came from another process. PowerShell chooses a view by the type of an
/// object before any code of a module runs, and the columns are known only from the object. So its view has one column with whole lines, which this class writes like a table.
/// </summary>
/// <remarks>It also registers the view of the object's type, which the next command uses. The methods are called for one object in this order: <see cref="Group"/>, <see cref="Begin"/>, <see cref="Row"/>.</remarks>
public static class RemoteTable
{
    private const char Ellipsis = '\u2026';

    // The width of the label, and of most short names.
    private const int ComputerNameWidth = 14;

    // PowerShell formats objects of one runspace on one thread.
    [ThreadStatic]
    private static bool s_begins;

    /// <summary>Returns the key of an object's table. PowerShell begins a new table if it changes.</summary>
    /// <param name="record">The object.</param>
    /// <returns>The name of its type, and whether the table shows computers.</returns>
    public static string Group(PSObject? record)
    {
        if (record is null || IsHistogram(record))
        {
            return string.Empty;
        }

        Register(record);
        return $"{Shape(record)?.ClrType.FullName} {RemoteRecord.IsFromComputer(record)}";
    }

    /// <summary>Begins a table: the next row has the heading above it.</summary>
    /// <param name="record">The first object.</param>
    /// <returns>Empty text, because PowerShell adds an empty line.</returns>
    public static string Begin(PSObject? record)
    {
        s_begins = record is not null;
        return string.Empty;
    }

    /// <summary>Returns the lines of an object.</summary>
    /// <param name="record">The object.</param>
    /// <param name="host">The host whose screen width is used.</param>
    /// <param name="style">The escape sequence before the heading.</param>
    /// <returns>A row, with the heading above the first one; the drawing of a histogram.</returns>
    public static string Row(PSObject? record, PSHost? host = null, string? style = null)
    {
        bool begins = s_begins;
        s_begins = false;
        if (record is null)
        {
            return string.Empty;
        }

        if (IsHistogram(record))
        {
            return HistogramText.Draw(record, host);
        }

        int width = ScreenWidth.Of(host) - 1;
        List<Column> columns = Columns(record, width);
        var text = new StringBuilder();
        if (begins)
        {
            string reset = string.IsNullOrEmpty(style) ? string.Empty : "\x1b[0m";
            text.Append(style).Append(Line(columns, column => column.Label, width)).Append(reset).Append('\n');
            text.Append(style).Append(Line(columns, column => new string('-', Math.Min(column.Label.Length, column.Width)), width)).Append(reset).Append('\n');
        }

        return text.Append(Line(columns, column => column.Text(record), width)).ToString();
    }

    private static string Computer(PSObject? record) => EventText.Line(EventText.Wrapped(record?.Properties[RemoteRecord.ComputerName]?.Value));

    /// <summary>Returns the fields of an object, one per line, for a list.</summary>
    /// <param name="record">The object.</param>
    /// <returns>The lines.</returns>
    public static string Fields(PSObject? record)
    {
        if (record is not null)
        {
            Register(record);
        }

        return EventText.Fields(record);
    }

    private static void Register(PSObject record)
    {
        if (RemoteRecord.TypesOf(record) is { } types)
        {
            EventViews.Register(types.Shapes, types.Histograms);
        }
        else if (Shape(record) is { } shape)
        {
            EventViews.Register([shape], []);
        }
    }

    private static List<Column> Columns(PSObject record, int width)
    {
        List<Column> columns = [];
        if (RemoteRecord.IsFromComputer(record) && Shape(record)?.Fields.Any(EventColumns.IsHost) != true)
        {
            columns.Add(new Column(RemoteRecord.ComputerName, ComputerNameWidth, false, Computer));
            width -= ComputerNameWidth + 1;
        }

        if (Shape(record) is { } shape)
        {
            columns.AddRange(EventColumns.Of(shape, width).Select(column => new Column(
                TerminalText.Show(column.Field.Name), column.Width, column.AlignRight, row => EventText.Of(column.Meaning, EventFields.Value(row, column.Field.Name), row))));
        }
        else
        {
            const int NameWidth = 20;
            columns.Add(new Column("MapName", NameWidth, false, row => EventText.Line(EventFields.Value(row, "MapName"))));
            columns.Add(new Column("Details", Math.Max(NameWidth, width - NameWidth - 1), false, row => EventText.Details(row)));
        }

        return columns;
    }

    private static string Line(List<Column> columns, Func<Column, string> text, int width)
    {
        var line = new StringBuilder();
        for (int i = 0; i < columns.Count; i++)
        {
            Column column = columns[i];
            // As in PowerShell's tables, the last column gets the rest of the line.
            int room = i == columns.Count - 1 && !column.AlignRight ? Math.Max(1, width - line.Length - (i > 0 ? 1 : 0)) : column.Width;
            string cell = text(column).ReplaceLineEndings(" ");
            cell = cell.Length <= room ? cell : column.AlignRight ? Ellipsis + cell[^(room - 1)..] : cell[..(room - 1)] + Ellipsis;
            line.Append(i > 0 ? " " : "").Append(column.AlignRight ? cell.PadLeft(room) : cell.PadRight(room));
        }

        return line.ToString().TrimEnd();
    }

    private static IRecordShape? Shape(PSObject record) => RemoteRecord.EventOf(record) is not { } e ? null
        : EventFields.ShapeOf((e is TruncatedEvent cut ? cut.WholeType() : e.GetType()).FullName!) ?? (e.GetType().BaseType is { } whole ? EventFields.ShapeOf(whole.FullName!) : null);

    private static bool IsHistogram(PSObject record) => EventFields.TypeNames(record).Contains(typeof(Histogram).FullName);

    private sealed record Column(string Label, int Width, bool AlignRight, Func<PSObject, string> Text);
}
