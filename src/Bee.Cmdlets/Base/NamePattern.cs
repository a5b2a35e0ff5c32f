using System.Management.Automation;
using Bee.Oci.Formats;

namespace Bee.Cmdlets.Base;

/// <summary>The names that somebody asks for, with wildcards or without.</summary>
internal static class NamePattern
{
    /// <summary>The pattern of a name: without wildcards it fits that name alone. Case does not count, and the brackets of an IPv6 address are no wildcard.</summary>
    public static WildcardPattern Of(string name)
    {
        int literal = ImageReference.IsPattern(name) ? ImageReference.AddressLength(name) : name.Length;
        return WildcardPattern.Get(WildcardPattern.Escape(name[..literal]) + name[literal..], WildcardOptions.IgnoreCase);
    }
}
