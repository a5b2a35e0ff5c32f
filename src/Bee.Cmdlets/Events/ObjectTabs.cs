using System.Globalization;
using System.Management.Automation;
using Bee.Cmdlets.Live;
using Bee.Cmdlets.Sessions;
using Bee.Cmdlets.Views;
using Bee.Ebpf.Events;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Records;
using Bee.Terminal.Models;

namespace Bee.Cmdlets.Events;

/// <summary>Shows objects of any type in tabs, one for each type. Reads the objects on the pipeline's thread, because their properties may be scripts.</summary>
internal sealed class ObjectTabs
{
    // The view has room for a few more. All further types share one tab.
    private const int MostTypes = 24;
    private const int MostColumns = 12;
    private const string Others = "other types";

    private readonly LiveModel _model;
    private readonly Dictionary<string, (LiveTab Tab, string[] Names)> _byType = [];

    public ObjectTabs(LiveModel model) => _model = model;

    /// <summary>Adds an object to its tab.</summary>
    public void Give(PSObject item)
    {
        if (item.BaseObject is BpfEvent record && item.BaseObject is not (TraceLine or IteratorLine))
        {
            TabOf(record).Tab.Add(record);
            return;
        }

        string type = item.BaseObject is PSCustomObject ? string.Join(' ', item.Properties.Select(property => property.Name)) : item.TypeNames.FirstOrDefault() ?? "object";
        if (!_byType.TryGetValue(type, out (LiveTab Tab, string[] Names) known))
        {
            known = Add(type, names => new EventTab(Schema(item, names)), NamesOf(item));
        }

        known.Tab.Add(new Row(item, Cells(item, known.Names)));
    }

    /// <summary>Returns the object of a marked row.</summary>
    public static object Unwrap(object item) => item is Row row ? row.Source : EventObject.Of((BpfEvent)item);

    private (LiveTab Tab, string[] Names) TabOf(BpfEvent item)
    {
        Type type = item is TruncatedEvent truncated ? truncated.WholeType() : item.GetType();
        if (_byType.TryGetValue(type.FullName!, out (LiveTab Tab, string[] Names) known))
        {
            return known;
        }

        string name = EventSchema.Value(item, "MapName") as string ?? type.Name;
        var second = TimeSpan.FromSeconds(1);
        IRecordShape? shape = EventFields.ShapeOf(type.FullName!) ?? (type.BaseType is { FullName: { } whole } ? EventFields.ShapeOf(whole) : null);
        return Add(type.FullName!, _ => item is Histogram ? LiveTabs.MakeHistograms(name, second, isNew: false) : LiveTabs.Make(name, shape, MapRole.Gauge, second, givesAll: false), []);
    }

    private (LiveTab Tab, string[] Names) Add(string type, Func<string[], LiveTab> make, string[] names)
    {
        if (_byType.Count < MostTypes)
        {
            LiveTab tab = make(names);
            _model.Add(tab);
            return _byType[type] = (tab, names);
        }

        if (!_byType.TryGetValue(Others, out (LiveTab Tab, string[] Names) others))
        {
            others = (new EventTab(EventSchema.OfText(Others)), []);
            _model.Add(others.Tab);
            _byType[Others] = others;
        }

        return _byType[type] = others;
    }

    // Returns the type's default display properties; if it does not declare any, the first MostColumns properties. Empty for text and numbers.
    private static string[] NamesOf(PSObject item)
    {
        if (item.BaseObject is string or IFormattable)
        {
            return [];
        }

        var standard = item.Members["PSStandardMembers"] as PSMemberSet;
        var shown = standard?.Members["DefaultDisplayPropertySet"] as PSPropertySet;
        return shown is { ReferencedPropertyNames.Count: > 0 } ? [.. shown.ReferencedPropertyNames] : [.. item.Properties.Select(property => property.Name).Take(MostColumns)];
    }

    private static object?[] Cells(PSObject item, string[] names)
    {
        if (names.Length == 0)
        {
            return [item.BaseObject is string or IFormattable ? item.BaseObject : item.ToString()];
        }

        var cells = new object?[names.Length];
        for (int i = 0; i < names.Length; i++)
        {
            cells[i] = Read(item, names[i]);
        }

        return cells;
    }

    // Numbers and times keep their type, for sorting. Other values are kept as text, because the object may change.
    private static object? Read(PSObject item, string name)
    {
        try
        {
            object? value = EventText.Base(item.Properties[name]?.Value);
            return value is null or string or bool or DateTime or TimeSpan || value.GetType().IsPrimitive || value is decimal ? value : EventText.Line(EventText.Wrapped(value));
        }
        catch (GetValueException fault)
        {
            return $"({fault.Message})";
        }
    }

    private static LiveSchema Schema(PSObject first, string[] names)
    {
        string type = first.BaseObject is PSCustomObject ? "objects" : first.BaseObject.GetType().Name;
        object?[] cells = Cells(first, names);
        LiveColumn[] columns = [.. cells.Select((cell, place) =>
        {
            string name = names.Length == 0 ? "Value" : names[place];
            bool isNumber = cell is IFormattable and not (DateTime or Enum);
            int width = Math.Max(Math.Min(name.Length, 12), isNumber ? 8 : cell is DateTime ? 19 : 10);
            return new LiveColumn(name, isNumber, width, isNumber ? Math.Max(name.Length, 12) : Math.Max(name.Length, 60), names.Length - place, row => Text(row, place), row => Cell(row, place) as IComparable);
        })];
        return new LiveSchema(type, columns, Details);
    }

    private static object? Cell(object row, int place) => row is Row { Cells: var cells } && place < cells.Length ? cells[place] : null;

    private static string Text(object row, int place) => Cell(row, place) switch
    {
        DateTime moment => moment.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
        var value => EventText.Line(EventText.Wrapped(value)),
    };

    // The view's thread has no runspace for script properties.
    private static string Details(object row)
    {
        if (row is not Row { Source: var item } || item.BaseObject is string or IFormattable)
        {
            return EventText.Lines(EventText.Wrapped((row as Row)?.Source));
        }

        PSPropertyInfo[] properties = [.. item.Properties];
        int width = properties.Length == 0 ? 0 : properties.Max(property => property.Name.Length);
        return string.Join('\n', properties.Select(property =>
            $"{EventText.Line(property.Name).PadRight(width)} : {(property is PSScriptProperty or PSCodeProperty ? "(computed)" : EventText.Line(EventText.Wrapped(Read(item, property.Name))))}"));
    }

    private sealed record Row(PSObject Source, object?[] Cells);
}
