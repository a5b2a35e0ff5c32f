using System.Collections;
using System.Globalization;
using System.Management.Automation;

namespace Bee.Cmdlets.Views;

/// <summary>Formats test results for their views. Every method accepts deserialized results too, and never throws.</summary>
public static class TestResultText
{
    private const int BytesPerLine = 16, MostLines = 8, MostItems = 20;

    /// <summary>Returns the program's return value with its name.</summary>
    /// <param name="result">The result.</param>
    /// <returns>Text such as <c>XDP_PASS (2)</c>, or the number alone.</returns>
    public static string Action(PSObject result)
        => Value(result, "Action") is { } action ? $"{EventText.Line(PSObject.AsPSObject(action))} ({Value(result, "ReturnValue")})" : $"{Value(result, "ReturnValue")}";

    /// <summary>Returns the size of the packet.</summary>
    /// <param name="result">The result.</param>
    /// <returns>Text such as <c>60B</c>, with an asterisk if the program changed the packet; empty if the program has no packet.</returns>
    public static string Size(PSObject result) => Bytes(result) is { } bytes ? $"{bytes.Length}B{(Value(result, "IsDataChanged") is true ? "*" : string.Empty)}" : string.Empty;

    /// <summary>Returns the packet as hex digits, 16 bytes per line.</summary>
    /// <param name="result">The result.</param>
    /// <returns>Lines that begin with the offset. A long packet is cut.</returns>
    public static string Packet(PSObject result)
    {
        byte[] bytes = Bytes(result) ?? [];
        IEnumerable<string> lines = bytes.Chunk(BytesPerLine).Take(MostLines)
            .Select((chunk, line) => string.Create(CultureInfo.InvariantCulture, $"{line * BytesPerLine:x4}  {string.Join(' ', chunk.Select(one => one.ToString("x2", CultureInfo.InvariantCulture)))}"));
        int left = bytes.Length - (BytesPerLine * MostLines);
        return string.Join(Environment.NewLine, left > 0 ? lines.Append($"and {left} bytes") : lines);
    }

    /// <summary>Returns the fields of the context that are not zero, or its bytes.</summary>
    /// <param name="result">The result.</param>
    /// <returns>Text such as <c>mark = 42, len = 60</c>.</returns>
    public static string Context(PSObject result) => Value(result, "Context") switch
    {
        null => string.Empty,
        byte[] bytes => EventText.Bytes(PSObject.AsPSObject(bytes)),
        var fields => string.Join(", ", PSObject.AsPSObject(fields).Properties.Select(field => (field.Name, Text: EventText.Line(Safe(field)))).Where(field => field.Text.AsSpan().ContainsAnyExcept("[0, ]")).Select(field => $"{field.Name} = {field.Text}")),
    };

    /// <summary>Returns one line per event or entry.</summary>
    /// <param name="result">The result.</param>
    /// <param name="property">The property with the events or entries.</param>
    /// <returns>Lines that begin with the map's name. A long list is cut.</returns>
    public static string Items(PSObject result, string property)
    {
        PSObject[] items = [.. List(result, property)];
        IEnumerable<string> lines = items.Take(MostItems).Select(item => $"{EventText.Line(Wrapped(Value(item, "MapName")))}: {EventText.Details(item)}");
        return string.Join(Environment.NewLine, items.Length > MostItems ? lines.Append($"and {items.Length - MostItems} more") : lines);
    }

    /// <summary>Returns the number of events, entries or lines.</summary>
    /// <param name="result">The result.</param>
    /// <param name="property">The property with the list.</param>
    /// <returns>The number.</returns>
    public static int Count(PSObject result, string property) => List(result, property).Count();

    private static byte[]? Bytes(PSObject result) => Value(result, "Data") as byte[];

    private static IEnumerable<PSObject> List(PSObject result, string property)
        => Value(result, property) is IEnumerable items and not string ? items.Cast<object>().Select(PSObject.AsPSObject) : [];

    private static PSObject? Wrapped(object? value) => value is null ? null : PSObject.AsPSObject(value);

    private static PSObject? Safe(PSPropertyInfo field)
    {
        try
        {
            return Wrapped(field.Value);
        }
        catch (GetValueException)
        {
            return null;
        }
    }

    private static object? Value(PSObject from, string property) => from.Properties[property] is { } found && Safe(found) is { } value ? value.BaseObject is PSCustomObject ? value : value.BaseObject : null;
}
