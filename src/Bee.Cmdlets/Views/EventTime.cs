using System.Collections.Concurrent;
using System.Globalization;
using System.Management.Automation;
using System.Reflection;

namespace Bee.Cmdlets;

/// <summary>
/// Gives moments an exact text. Export-Csv, Format-List and Format-Table take what a value's ToString returns, and that of <see cref="DateTime"/> has neither parts
/// of a second nor a zone and follows the culture.
/// </summary>
/// <remarks>
/// A moment stays a <see cref="DateTime"/> or <see cref="DateTimeOffset"/>, with a type name in front for which formats/Bee.Types.ps1xml has a ToString. The name survives
/// serialization.
/// </remarks>
public static class EventTime
{
    private static readonly ConcurrentDictionary<(Type Type, string Name), PropertyInfo?> s_properties = new();

    /// <summary>Returns the moment in an object's property.</summary>
    /// <param name="source">The object.</param>
    /// <param name="property">The property's name.</param>
    /// <returns>The moment with its exact text; null where the property is null.</returns>
    public static object? Of(object? source, string property)
    {
        object? target = EventText.Base(source);
        object? value = target is null ? null : s_properties.GetOrAdd((target.GetType(), property), static key => key.Type.GetProperty(key.Name))?.GetValue(target);
        if (value is null)
        {
            return null;
        }

        var moment = new PSObject(value);
        moment.TypeNames.Insert(0, typeof(EventTime).FullName!);
        return moment;
    }

    /// <summary>Returns a moment's text.</summary>
    /// <param name="moment">A <see cref="DateTime"/> or <see cref="DateTimeOffset"/>.</param>
    /// <param name="arguments">None, or what the ToString of the moment's type takes: a format, a format provider.</param>
    /// <returns>Without arguments the round-trip format of ISO 8601, as in <c>2026-11-30T14:03:59.1234567+01:00</c>.</returns>
    public static string Text(object? moment, object?[]? arguments)
    {
        var value = (IFormattable)EventText.Base(moment)!;
        object?[] given = [.. (arguments ?? []).Select(EventText.Base)];
        return given.Length == 0
            ? value.ToString("O", CultureInfo.InvariantCulture)
            : value.ToString(given.OfType<string>().FirstOrDefault(), given.OfType<IFormatProvider>().FirstOrDefault() ?? CultureInfo.CurrentCulture);
    }
}
