using System.Text;
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
internal sealed record TrustPolicy(string Path, bool Default, IReadOnlyList<TrustRule> Rules)
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
internal enum TrustAction
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
internal sealed record TrustRule(RepositoryPattern Pattern, TrustAction Action, IReadOnlyList<VerificationKey> Keys, IReadOnlyList<Digest> Digests, int Line)
{
    /// <summary>The repository that signatures may name instead of the image's own, for images that were copied with their signatures; <c>ghcr.io/me/*</c> for a whole tree.
    /// Null for none.</summary>
    public string? SignedAs { get; init; }

    internal string? SignedAsFor(ImageReference reference) => SignedAs is null ? null : Pattern.Map(reference, SignedAs);
}

/// <summary>Reads a policy strictly: what is unknown or contradicts itself is an error with its place, for a policy that is half understood protects nobody.</summary>
internal sealed class TrustPolicyReader(string path, Func<IKeyAlgorithms> algorithms)
{
    /// <summary>The keys of a policy and of its rules.</summary>
    internal static readonly string[] Known = ["$schema", "default", "rules"], KnownInRule = ["reference", "action", "keys", "digests", "signedAs"];

    private readonly Dictionary<string, VerificationKey> _keys = [];

    /// <summary>Reads it.</summary>
    /// <exception cref="SettingsException">It is not what it should be.</exception>
    public TrustPolicy Read(LocatedJson json)
    {
        IReadOnlyDictionary<string, LocatedJson> root = json.Object("a verification policy", Known);
        LocatedJson standard = root.GetValueOrDefault("default") ?? throw json.Wrong("'default' is missing: allow or deny, for images that no rule is for.");
        return new TrustPolicy(path, IsAllow(standard, "default"), [.. root.GetValueOrDefault("rules")?.Array("rules").Select(Rule) ?? []]);
    }

    private TrustRule Rule(LocatedJson json)
    {
        IReadOnlyDictionary<string, LocatedJson> rule = json.Object("a rule", KnownInRule);
        LocatedJson reference = rule.GetValueOrDefault("reference") ?? throw json.Wrong("The rule has no 'reference', which says what images it is for.");
        RepositoryPattern pattern = At(reference, () => RepositoryPattern.Parse(reference.Text("reference")));
        LocatedJson? keys = rule.GetValueOrDefault("keys"), digests = rule.GetValueOrDefault("digests"), signedAs = rule.GetValueOrDefault("signedAs");
        if (rule.GetValueOrDefault("action") is { } action)
        {
            return keys is null && digests is null && signedAs is null
                ? new TrustRule(pattern, IsAllow(action, "action") ? TrustAction.Allow : TrustAction.Deny, [], [], json.Line)
                : throw action.Wrong("A rule with keys or digests says by them what passes; leave 'action' out.");
        }

        if (keys is null && digests is null)
        {
            throw json.Wrong("The rule does nothing: give it keys, digests, or the action allow or deny.");
        }

        if (keys?.Array("keys") is { Count: 0 } || digests?.Array("digests") is { Count: 0 })
        {
            throw json.Wrong("The list is empty; write \"action\": \"deny\" where nothing is to pass.");
        }

        if (signedAs is not null && keys is null)
        {
            throw signedAs.Wrong("'signedAs' says what signatures may name, and the rule has no keys to verify any with.");
        }

        return new TrustRule(
            pattern,
            TrustAction.Verify,
            [.. keys?.Items.Select(Key) ?? []],
            [.. digests?.Items.Select(digest => At(digest, () => Digest.Parse(digest.Text("a digest")))) ?? []],
            json.Line)
        {
            SignedAs = signedAs is null ? null : SignedAs(signedAs, pattern),
        };
    }

    private static string SignedAs(LocatedJson json, RepositoryPattern pattern)
    {
        string text = json.Text("signedAs");
        At(json, () => RepositoryPattern.Parse(text));
        return pattern.Maps(text)
            ? text
            : throw json.Wrong("'signedAs' is one repository, such as ghcr.io/me/tool; or all below one place, such as ghcr.io/me/*, where 'reference' is such a pattern too.");
    }

    private VerificationKey Key(LocatedJson json)
    {
        string file = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, json.Text("a key's file")));
        if (_keys.TryGetValue(file, out VerificationKey? known))
        {
            return known;
        }

        try
        {
            byte[] pem = TrustedFile.Read(file) ?? throw json.Wrong($"There is no key '{file}'.");
            return _keys[file] = VerificationKey.Read(Encoding.UTF8.GetString(pem), algorithms(), file);
        }
        catch (SettingsException e) when (e.Path == file)
        {
            throw json.Wrong($"The key cannot be used: {e.Message}", e);
        }
        catch (SignatureException e)
        {
            throw json.Wrong(e.Message, e);
        }
    }

    private static bool IsAllow(LocatedJson json, string what) => json.Text(what) switch
    {
        "allow" => true,
        "deny" => false,
        _ => throw json.Wrong($"'{what}' is allow or deny."),
    };

    private static T At<T>(LocatedJson json, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (FormatException e)
        {
            throw json.Wrong(e.Message, e);
        }
    }
}
