using System.Management.Automation;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Records;

namespace Bee.Cmdlets.Views;

/// <summary>A column of a table.</summary>
/// <param name="Field">The field.</param>
/// <param name="Width">The width in characters.</param>
/// <param name="AlignRight">Whether the text is right-aligned.</param>
/// <param name="Meaning">The format of the values.</param>
internal sealed record EventColumn(RecordField Field, int Width, bool AlignRight, FieldMeaning Meaning);

/// <summary>
/// Chooses columns and widths so that a table fits the screen. The same type and width always yield the same columns. The author's metadata takes precedence.
/// </summary>
internal static class EventColumns
{
    // The width that a path gets before other columns grow.
    private const int LongText = 36;
    private const int LongTextOnNarrowScreen = 20;

    // The length of a container's id until its name is known.
    private const int LeastOfName = 12;

    /// <summary>Returns the columns of a type's table.</summary>
    /// <param name="shape">The type and its fields.</param>
    /// <param name="screen">The width of the screen in characters.</param>
    public static IReadOnlyList<EventColumn> Of(IRecordShape shape, int screen)
    {
        var fields = Shown(shape);
        // Ten characters of a path are useless, so a narrow screen drops another column instead.
        var leastOfText = screen < ScreenWidth.Default ? LongTextOnNarrowScreen : 0;
        var least = fields.ConvertAll(field => MetadataOf(shape, field).Width ?? Math.Max(Least(field), IsLong(field) ? Math.Min(field.Width, leastOfText) : 0));
        while (fields.Count > 1 && Total(least) > screen)
        {
            var drop = LeastInteresting(fields, shape);
            fields.RemoveAt(drop);
            least.RemoveAt(drop);
        }

        var widths = Grow(screen, fields, least, fields.ConvertAll(field => MetadataOf(shape, field).Width is not null));
        return fields.Select((field, i) => Column(shape, field, widths[i])).ToList();
    }

    /// <summary>Returns a field's column with the given width.</summary>
    public static EventColumn Column(IRecordShape shape, RecordField field, int width) =>
        new(field, width, MetadataOf(shape, field).AlignRight ?? field.AlignRight, MeaningOf(shape, field));

    /// <summary>Returns the format of a field's values: that of the field's type, or, for an entry's plain value, that of the author's unit.</summary>
    public static FieldMeaning MeaningOf(IRecordShape shape, RecordField field) => shape.Metadata.Unit switch
    {
        _ when shape is not EntryType || field is not { Name: "Value", CName.Length: 0, Meaning: FieldMeaning.Number } => field.Meaning,
        "ns" or "nanoseconds" => FieldMeaning.Duration,
        "bytes" or "B" => FieldMeaning.ByteSize,
        _ => field.Meaning,
    };

    /// <summary>Returns the fields of a table in the order of its columns: an entry's key fields first, then its value fields.</summary>
    public static List<RecordField> Shown(IRecordShape shape)
    {
        var fields = shape.Fields.Where(field => IsShown(field, shape) && MetadataOf(shape, field).Hidden != true).ToList();
        if (fields.TrueForAll(field => field.IsExtra))
        {
            // The author hid all fields. A table without columns would show nothing, so all fields are shown.
            fields = shape.Fields.Where(field => IsShown(field, shape)).ToList();
        }

        if (shape is EntryType && fields.FindIndex(field => field.Name == "Value" && field.CName.Length == 0) is >= 0 and var at)
        {
            fields.Add(fields[at]);
            fields.RemoveAt(at);
        }

        // OrderBy is stable, so fields of equal order keep their sequence.
        return [.. fields.OrderBy(field => MetadataOf(shape, field).Order ?? (IsHost(field) ? long.MinValue : field.IsExtra ? long.MinValue + 1 : int.MaxValue))];
    }

    /// <summary>Returns whether a field is the name of the host, which is the first column.</summary>
    public static bool IsHost(RecordField field) => field is { IsExtra: true, Name: ExtraNames.ComputerName };

    /// <summary>Returns the metadata that decides the look of a table as text, for comparing tables.</summary>
    public static string Signature(IRecordShape shape) => $"{shape.Metadata.Unit}{shape.Extras}" + string.Join(' ', shape.Fields.Select(field => MetadataOf(shape, field)).Select(
        metadata => $"{metadata.Width},{metadata.AlignRight},{metadata.Order},{metadata.Hidden}"));

    internal static FieldMetadata MetadataOf(IRecordShape shape, RecordField field) => field.MetadataIn(shape.Metadata);

    private static bool IsShown(RecordField field, IRecordShape shape)
    {
        if (field.CName.Length > 0)
        {
            return true;
        }

        if (field.IsExtra)
        {
            return field.Name switch
            {
                ExtraNames.ComputerName or ExtraNames.Container => true,
                ExtraNames.Pod or ExtraNames.Namespace when shape.Extras.HasFlag(RecordExtras.Kubernetes) => true,
                // Shown if the author says so.
                _ => MetadataOf(shape, field).Hidden == false,
            };
        }

        return field.Name switch
        {
            // Shown by MixedTable if there are several maps.
            "MapName" => false,
            "Key" when shape is EntryType { IsGlobal: true } => false,
            // The fields of a struct have columns of their own, as have the sums of per-CPU structs.
            "Key" or "Value" when field.Meaning == FieldMeaning.Object || field.ClrType == typeof(object) => false,
            // The stack trace has a column of its own.
            "Key" or "Value" when field.Meaning == FieldMeaning.Stack && field.ClrType == typeof(int) => false,
            "Value" when shape is EntryType { IsPerCpu: true } && field.Meaning == FieldMeaning.Array => !HasValueFields(shape),
            "Values" => false,
            _ => true,
        };
    }

    // After MapName, Key, Value and Values come the fields of a struct key, then those of a struct value.
    private static bool HasValueFields(IRecordShape shape)
    {
        var key = shape.Fields.First(field => field is { Name: "Key", CName.Length: 0 });
        var ofKey = key.Meaning == FieldMeaning.Object ? key.ClrType.GetProperties().Count(property => property.GetIndexParameters().Length == 0) : 0;
        return shape.Fields.Count(field => !field.IsExtra) > 4 + ofKey;
    }

    /// <summary>Returns the minimum useful width of a field's column.</summary>
    internal static int Least(RecordField field)
    {
        var room = field.Meaning switch
        {
            _ when field.IsExtra => Math.Max(LeastOfName, field.Name.Length),
            FieldMeaning.Text or FieldMeaning.Words or FieldMeaning.Bytes or FieldMeaning.Array or FieldMeaning.Object => 10,
            FieldMeaning.Stack => 16,
            FieldMeaning.Syscall or FieldMeaning.Number or FieldMeaning.CgroupId or FieldMeaning.MountNamespaceId => 10,
            // Names such as ESTABLISHED, SIGKILL and SYN_SENT are ambiguous if they are cut.
            FieldMeaning.Enum or FieldMeaning.Flags => 11,
            FieldMeaning.Errno => 7,
            FieldMeaning.Ipv6 => 18,
            FieldMeaning.UserId or FieldMeaning.GroupId => 6,
            _ => field.Width,
        };
        return Math.Max(Math.Min(field.Width, room), Math.Min(field.Name.Length, 10));
    }

    /// <summary>Returns the width that shows most of a field's values in full.</summary>
    internal static int Preferred(RecordField field) => Math.Max(field.Width, Math.Min(field.Name.Length, 16));

    // Among equals, the field that was declared last is dropped first.
    private static int LeastInteresting(List<RecordField> fields, IRecordShape shape)
    {
        var worst = fields.Count - 1;
        for (var i = fields.Count - 1; i >= 0; i--)
        {
            if (Interest(fields[i], shape) < Interest(fields[worst], shape))
            {
                worst = i;
            }
        }

        return worst;
    }

    // A field with a width or order from the author is wanted. A field that does not fit on a line is of little use in a table. For events, names and addresses matter more
    // than large plain numbers (timestamps, sequence numbers); for entries, such numbers are the point of the map.
    /// <summary>Returns a field's priority. If two columns do not both fit, the one with the higher number stays.</summary>
    internal static int Interest(RecordField field, IRecordShape shape) => field.Meaning switch
    {
        _ when IsHost(field) => 8,
        _ when MetadataOf(shape, field) is { Width: not null } or { Order: not null } => 7,
        FieldMeaning.Object => 0,
        FieldMeaning.Array => 1,
        FieldMeaning.Bytes => 2,
        FieldMeaning.Pointer => 3,
        FieldMeaning.Number or FieldMeaning.CgroupId or FieldMeaning.MountNamespaceId when shape is not EntryType && field.Size >= 8 => 4,
        FieldMeaning.Text or FieldMeaning.Words => 6,
        _ => 5,
    };

    // Fixed columns keep their width.
    private static List<int> Grow(int screen, List<RecordField> fields, List<int> widths, List<bool> isFixed)
    {
        var left = screen - Total(widths);
        var longest = fields.FindLastIndex(field => IsLong(field) && !isFixed[fields.IndexOf(field)]);
        if (longest >= 0)
        {
            // The last part of a path or command line is the most specific, so these columns grow first.
            left -= GrowTo(longest, LongText);
        }

        // Text before numbers: names are often cut, numbers rarely.
        foreach (var texts in new[] { true, false })
        {
            for (var grew = true; grew && left > 0;)
            {
                grew = false;
                for (var i = 0; i < fields.Count && left > 0; i++)
                {
                    if (!isFixed[i] && (fields[i].Meaning == FieldMeaning.Text) == texts && widths[i] < Preferred(fields[i]))
                    {
                        widths[i]++;
                        left--;
                        grew = true;
                    }
                }
            }
        }

        if (longest >= 0)
        {
            GrowTo(longest, fields[longest].Size == 0 ? screen : fields[longest].Size - 1);
        }

        return widths;

        int GrowTo(int i, int width)
        {
            var more = Math.Clamp(width - widths[i], 0, Math.Max(0, left));
            widths[i] += more;
            return more;
        }
    }

    private static bool IsLong(RecordField field) => !field.IsExtra && field.Meaning is FieldMeaning.Text or FieldMeaning.Words && (field.Size == 0 || field.Size > field.Width + 1);

    private static int Total(List<int> widths) => widths.Sum() + widths.Count - 1;
}

/// <summary>Creates the table view of an emitted type, with widths for the screen and formatted values.</summary>
internal static class EventTable
{
    /// <summary>The width of a column that gets the remaining space.</summary>
    public const int Rest = 0;

    /// <summary>Returns the view.</summary>
    /// <param name="shape">The type and its fields.</param>
    /// <param name="screen">The width of the screen in characters.</param>
    /// <returns>A table with the type's columns. It also has rows for later events of other types: fields of the same name in the same columns, and all others in the last column.</returns>
    public static TableControl Of(IRecordShape shape, int screen)
    {
        var table = TableControl.Create(outOfBand: false, autoSize: false, hideTableHeaders: false);
        var columns = EventColumns.Of(shape, screen);
        foreach (var column in columns)
        {
            // The formatter gives the last column the remaining space, so the table also fits Out-String -Width and a resized window.
            table.AddHeader(AlignmentOf(column.AlignRight), column == columns[^1] && !column.AlignRight ? Rest : column.Width, column.Field.Name);
        }

        // A table can have only one kind of row, so the last column checks the type of the object.
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

    /// <summary>Returns a property's name as a script accesses it. Objects come from images, files and other hosts, and may have any names.</summary>
    public static string Member(string name) => $"'{string.Concat(name.Select(letter => IsQuote(letter) ? $"{letter}{letter}" : $"{letter}"))}'";

    // PowerShell ends a text in single quotes at any of these.
    private static bool IsQuote(char letter) => letter is '\'' or (>= '\u2018' and <= '\u201b');

    /// <summary>Converts the alignment to PowerShell's type.</summary>
    public static Alignment AlignmentOf(bool alignRight) => alignRight ? Alignment.Right : Alignment.Left;

    /// <summary>Adds a column to a row.</summary>
    public static void AddColumn(TableRowDefinitionBuilder row, EventColumn column)
    {
        if (Method(column.Meaning) is { } method)
        {
            row.AddScriptBlockColumn($"[Bee.Cmdlets.Views.EventText]::{method}($_.{Member(column.Field.Name)}{(column.Meaning is FieldMeaning.UserId or FieldMeaning.GroupId ? ", $_" : "")})", AlignmentOf(column.AlignRight), null);
        }
        else
        {
            row.AddPropertyColumn(column.Field.Name, AlignmentOf(column.AlignRight), null);
        }
    }

    // Returns null if PowerShell's own text is suitable.
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
