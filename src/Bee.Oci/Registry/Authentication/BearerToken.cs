namespace Bee.Oci.Registry.Authentication;

/// <summary>A token that a token service gave.</summary>
/// <param name="value">What goes into the header.</param>
/// <param name="until">When it ends.</param>
internal sealed class BearerToken(string value, DateTimeOffset until)
{
    /// <summary>What goes into the header.</summary>
    public string Value => value;

    /// <summary>Whether it should still be good when the registry sees it.</summary>
    public bool IsFresh => DateTimeOffset.UtcNow < until;

    /// <summary>Never the secret.</summary>
    public override string ToString() => "a bearer token";
}
