using Bee.Oci.Formats;
using Bee.Oci.Signatures;
using Bee.Oci.Signatures.Keys;
using Bee.Oci.Store;

namespace Bee.Oci.Trust;

/// <summary>
/// Which images of registries may be stored and run. Rules are looked through in their order, and the first one whose pattern fits decides alone; where none
/// fits, <see cref="Default"/> does.
/// </summary>
/// <param name="Path">The file.</param>
/// <param name="Default">What happens to images that no rule is for: true lets them pass.</param>
/// <param name="Rules">In their order.</param>
public sealed record TrustPolicy(string Path, bool Default, IReadOnlyList<TrustRule> Rules)
{
    /// <summary>The administrator's policy, which always applies.</summary>
    public const string SystemPath = "/etc/bee/policy.json";

    /// <summary>The user's policy: <c>bee/policy.json</c> in XDG_CONFIG_HOME, else in ~/.config. Applies too, where no other is named.</summary>
    /// <exception cref="StoreException">The user has no home directory.</exception>
    public static string UserPath => System.IO.Path.Combine(StorePaths.Configuration(), "bee", "policy.json");

    /// <summary>The policies of this process: each of them has to let an image pass.</summary>
    /// <param name="named">A file in place of <see cref="UserPath"/>, which has to be there; null for none.</param>
    /// <param name="algorithms">Gives what .NET lacks to read keys, when there is one to read.</param>
    /// <exception cref="TrustException"><see cref="TrustFault.BadPolicy"/>.</exception>
    public static IReadOnlyList<TrustPolicy> Load(string? named, Func<IKeyAlgorithms> algorithms)
    {
        TrustPolicy? system = Read(SystemPath, algorithms);
        TrustPolicy? own = Read(named ?? UserPath, algorithms);
        if (named is not null && own is null)
        {
            throw Bad(new SettingsException(named, 0, 0, "There is no such file."));
        }

        return [.. new[] { system, own }.OfType<TrustPolicy>().DistinctBy(policy => policy.Path)];
    }

    /// <summary>Reads a policy.</summary>
    /// <param name="path">The file. Paths of keys in it start at its folder.</param>
    /// <param name="algorithms">Gives what .NET lacks to read keys, when there is one to read.</param>
    /// <returns>The policy; null where there is no such file.</returns>
    /// <exception cref="TrustException"><see cref="TrustFault.BadPolicy"/>: it cannot be read, is not what it should be, or others than root and this user
    /// could have written it or one of its keys.</exception>
    public static TrustPolicy? Read(string path, Func<IKeyAlgorithms> algorithms)
    {
        string full = System.IO.Path.GetFullPath(path);
        try
        {
            return TrustedFile.Read(full) is { } content ? new TrustPolicyReader(full, algorithms).Read(LocatedJson.Parse(full, content)) : null;
        }
        catch (SettingsException e)
        {
            throw Bad(e);
        }
    }

    /// <summary>The rule that decides over an image; null where the default does.</summary>
    public TrustRule? For(ImageReference reference) => Rules.FirstOrDefault(rule => rule.Pattern.Fits(reference));

    private static TrustException Bad(SettingsException e) => new(TrustFault.BadPolicy, $"The verification policy cannot be used, so no image of a registry is: {e.Message}", e)
    {
        Policy = e.Path,
        Line = e.Line,
        Column = e.Column,
        Remedy = "Mend the policy, or remove it if none is wanted. Local files and images run without it.",
    };
}

/// <summary>What a rule does.</summary>
public enum TrustAction
{
    /// <summary>Lets the image pass, whatever it is.</summary>
    Allow,

    /// <summary>Never lets it pass.</summary>
    Deny,

    /// <summary>Lets it pass when its digest is listed, or when a signature by one of the keys is valid for it.</summary>
    Verify,
}

/// <summary>A rule of a policy.</summary>
/// <param name="Pattern">The repositories that it is for.</param>
/// <param name="Action">What it does.</param>
/// <param name="Keys">For <see cref="TrustAction.Verify"/>: the keys of which one has to have signed.</param>
/// <param name="Digests">For <see cref="TrustAction.Verify"/>: digests that pass without a signature.</param>
/// <param name="Line">Where it stands, from 1.</param>
public sealed record TrustRule(RepositoryPattern Pattern, TrustAction Action, IReadOnlyList<VerificationKey> Keys, IReadOnlyList<string> Digests, int Line)
{
    /// <summary>The repository that signatures may name instead of the image's own, for images that were copied with their signatures; <c>ghcr.io/me/*</c> for a whole tree.
    /// Null for none.</summary>
    public string? SignedAs { get; init; }

    internal string? SignedAsFor(ImageReference reference) => SignedAs is null ? null : Pattern.Map(reference, SignedAs);
}
