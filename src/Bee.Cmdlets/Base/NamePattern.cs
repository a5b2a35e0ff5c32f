using System.Management.Automation;

namespace Bee.Cmdlets;

/// <summary>The names that somebody asks for, with wildcards or without.</summary>
internal static class NamePattern
{
    /// <summary>The pattern of a name: without wildcards it fits that name alone. Case does not count.</summary>
    public static WildcardPattern Of(string name)
        => WildcardPattern.Get(WildcardPattern.ContainsWildcardCharacters(name) ? name : WildcardPattern.Escape(name), WildcardOptions.IgnoreCase);
}
