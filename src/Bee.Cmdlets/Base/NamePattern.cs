using System.Management.Automation;
using Bee.Oci.Formats;

namespace Bee.Cmdlets.Base;

/// <summary>Patterns for names that the user gave, with or without wildcards.</summary>
internal static class NamePattern
{
    /// <summary>Returns the pattern of a name, which ignores case. Without wildcards it matches that name only. The brackets of an IPv6 address are literal.</summary>
    public static WildcardPattern Of(string name)
    {
        int literal = ImageReference.IsPattern(name) ? ImageReference.AddressLength(name) : name.Length;
        return WildcardPattern.Get(WildcardPattern.Escape(name[..literal]) + name[literal..], WildcardOptions.IgnoreCase);
    }
}
