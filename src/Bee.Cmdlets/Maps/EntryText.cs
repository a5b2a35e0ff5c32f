using System.Collections;
using Bee.Ebpf.Records;

namespace Bee.Cmdlets;

/// <summary>What an entry or a key is called in questions and messages.</summary>
internal static class EntryText
{
    /// <summary>The text for a plain value: fields with their values, of an entry the key.</summary>
    public static string Of(object? entry) => entry switch
    {
        IDictionary members => string.Join(", ", members.Keys.Cast<object>().Where(name => !"MapName".Equals(name.ToString(), StringComparison.OrdinalIgnoreCase)).Select(name => $"{name} = {Of(members[name])}")),
        MapEntry made => $"{made.GetType().GetProperty("Key")?.GetValue(made)}",
        _ => $"{entry}",
    };
}
