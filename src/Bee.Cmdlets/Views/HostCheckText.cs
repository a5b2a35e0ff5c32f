using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Host;

namespace Bee.Cmdlets.Views;

/// <summary>Formats the checks of hosts for their views. Every method accepts deserialized objects too, and never throws.</summary>
public static class HostCheckText
{
    // The width of a list's longest label and of the separator after it.
    private const int BesideDetails = 15;

    // The worst state last.
    private static readonly string[] s_states = ["Skipped", "Ok", "Unknown", "Warning", "Failed"];

    private static readonly Dictionary<string, string[]> s_columns = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Host"] = ["Connection", "KernelVersion", "KernelBtf", "Libbpf"],
        ["Rights"] = ["Rights"],
        ["Image"] = ["Digests", "Platform", "Signature", "Object", "Config"],
        ["Types"] = ["ProgramTypes", "MapTypes"],
        ["Targets"] = ["AttachTargets"],
        ["Code"] = ["Relocations", "Helpers", "License", "KernelFunctions", "KernelVariables", "KernelSettings"],
        ["Maps"] = ["MapSizes", "Memory"],
    };

    /// <summary>Returns the worst result of the checks of a column.</summary>
    /// <param name="host">The checks of a host.</param>
    /// <param name="column">The column.</param>
    /// <returns><c>ok</c>, <c>warn</c>, <c>FAIL</c>, <c>?</c>, or <c>-</c> if no check applies.</returns>
    public static string Column(PSObject host, string column)
    {
        int worst = s_columns.TryGetValue(column, out string[]? checks) ? checks.Max(check => Array.IndexOf(s_states, EventText.Line(EventText.Wrapped(host.Properties[check]?.Value)))) : -1;
        return worst switch
        {
            4 => "FAIL",
            3 => "warn",
            2 => "?",
            1 => "ok",
            _ => "-",
        };
    }

    /// <summary>Returns the names of the passed checks.</summary>
    /// <param name="host">The checks of a host.</param>
    /// <param name="screen">The host whose screen width is used.</param>
    /// <returns>The lines.</returns>
    public static string Passed(PSObject host, PSHost? screen = null)
        => ViewText.Wrapped(string.Join(", ", Results(host).Where(result => Text(result, "State") is "Ok" or "Skipped").Select(result => Text(result, "Name")).Distinct()), Room(screen));

    /// <summary>Returns the findings of the other checks, the worst first, with their remedies.</summary>
    /// <param name="host">The checks of a host.</param>
    /// <param name="screen">The host whose screen width is used.</param>
    /// <returns>The lines; empty if all checks passed.</returns>
    public static string Findings(PSObject host, PSHost? screen = null)
        => string.Join(Environment.NewLine, Results(host)
            .Select(result => (Result: result, Rank: Array.IndexOf(s_states, Text(result, "State"))))
            .Where(pair => pair.Rank > 1)
            .OrderByDescending(pair => pair.Rank)
            .Select(pair => ViewText.Wrapped($"{Text(pair.Result, "Name")} ({Text(pair.Result, "State")}): {Sentence(Text(pair.Result, "Message"))} {Text(pair.Result, "Remedy")}", Room(screen))));

    // The messages of other programs, such as ssh, may have no end.
    private static string Sentence(string text) => text.Length == 0 || char.IsPunctuation(text[^1]) ? text : text + ".";

    private static int Room(PSHost? screen) => ScreenWidth.Of(screen) - BesideDetails;

    private static IEnumerable<PSObject> Results(PSObject host) =>
        EventText.Wrapped(host.Properties["Results"]?.Value)?.BaseObject is IEnumerable list and not string ? list.Cast<object?>().OfType<object>().Select(PSObject.AsPSObject) : [];

    private static string Text(PSObject item, string name) => EventText.Line(EventText.Wrapped(item.Properties[name]?.Value));
}
