using System.Text;
using Bee.Oci.Formats;
using Bee.Oci.Signatures;
using Bee.Oci.Signatures.Keys;
using Bee.Oci.Store;

namespace Bee.Oci.Trust;

/// <summary>
/// A policy about the registry images that may be stored and run. The first rule whose pattern matches an image decides; if none
/// matches, <see cref="Default"/> does.
/// </summary>
/// <param name="Path">The path of the file.</param>
/// <param name="Default">Whether images that no rule matches are allowed.</param>
/// <param name="Rules">The rules, in order.</param>
internal sealed record TrustPolicy(string Path, bool Default, IReadOnlyList<TrustRule> Rules)
{
    /// <summary>The path of the administrator's policy, which always applies.</summary>
    public const string SystemPath = "/etc/bee/policy.json";

    /// <summary>The path of the user's policy: <c>bee/policy.json</c> in XDG_CONFIG_HOME, or else in ~/.config. It applies too unless another one is named.</summary>
    /// <exception cref="StoreException">The user has no home directory.</exception>
    public static string UserPath => System.IO.Path.Combine(StorePaths.Configuration(), "bee", "policy.json");

    /// <summary>Reads the policies of this process. An image must satisfy all of them.</summary>
    /// <param name="named">A policy that replaces <see cref="UserPath"/> and must exist; null for none.</param>
    /// <param name="algorithms">Returns the algorithms that .NET lacks. Called when a key is read.</param>
    /// <exception cref="TrustException">A policy cannot be used (<see cref="TrustFault.BadPolicy"/>).</exception>
    public static IReadOnlyList<TrustPolicy> Load(string? named, Func<IKeyAlgorithms> algorithms)
    {
        TrustPolicy? system = Read(SystemPath, algorithms);
        TrustPolicy? own = Read(named ?? UserPath, algorithms);
        if (named is not null && own is null)
        {
            throw Bad(new SettingsException(named, 0, 0, "The file does not exist."));
        }

        return [.. new[] { system, own }.OfType<TrustPolicy>().DistinctBy(policy => policy.Path)];
    }

    /// <summary>Reads a policy.</summary>
    /// <param name="path">The path of the file. Paths of keys in it are relative to its folder.</param>
    /// <param name="algorithms">Returns the algorithms that .NET lacks. Called when a key is read.</param>
    /// <returns>The policy; null if the file does not exist.</returns>
    /// <exception cref="TrustException">The policy cannot be read or is not valid, or users other than root and this one
    /// could have written it or one of its keys (<see cref="TrustFault.BadPolicy"/>).</exception>
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

    /// <summary>Returns the rule that decides about an image; null if the default does.</summary>
    public TrustRule? For(ImageReference reference) => Rules.FirstOrDefault(rule => rule.Pattern.Fits(reference));

    private static TrustException Bad(SettingsException e) => new(TrustFault.BadPolicy, $"The verification policy cannot be used, so images of registries are refused: {e.Message}", e)
    {
        Policy = e.Path,
        Line = e.Line,
        Column = e.Column,
        Remedy = "Correct the policy, or remove it. Local files and images run without it.",
    };
}

/// <summary>The actions of a rule.</summary>
internal enum TrustAction
{
    /// <summary>Allows all matching images.</summary>
    Allow,

    /// <summary>Denies all matching images.</summary>
    Deny,

    /// <summary>Allows matching images with a listed digest, or with a valid signature by one of the keys.</summary>
    Verify,
}

/// <summary>A rule of a policy.</summary>
/// <param name="Pattern">The repositories that the rule matches.</param>
/// <param name="Action">The action.</param>
/// <param name="Keys">For <see cref="TrustAction.Verify"/>: the accepted keys.</param>
/// <param name="Digests">For <see cref="TrustAction.Verify"/>: digests that need no signature.</param>
/// <param name="Line">The line of the rule, from 1.</param>
internal sealed record TrustRule(RepositoryPattern Pattern, TrustAction Action, IReadOnlyList<VerificationKey> Keys, IReadOnlyList<Digest> Digests, int Line)
{
    /// <summary>A repository that signatures may name instead of the image's, for images that were copied with their signatures; <c>ghcr.io/me/*</c> for all below a path.
    /// Null for none.</summary>
    public string? SignedAs { get; init; }

    internal string? SignedAsFor(ImageReference reference) => SignedAs is null ? null : Pattern.Map(reference, SignedAs);
}

/// <summary>Reads a policy strictly. Unknown or contradictory keys are errors with a position, because a partly understood policy gives no protection.</summary>
internal sealed class TrustPolicyReader(string path, Func<IKeyAlgorithms> algorithms)
{
    /// <summary>The known keys of a policy and of its rules.</summary>
    internal static readonly string[] Known = ["$schema", "default", "rules"], KnownInRule = ["reference", "action", "keys", "digests", "signedAs"];

    private readonly Dictionary<string, VerificationKey> _keys = [];

    /// <summary>Reads it.</summary>
    /// <exception cref="SettingsException">The policy is not valid.</exception>
    public TrustPolicy Read(LocatedJson json)
    {
        IReadOnlyDictionary<string, LocatedJson> root = json.Object("a verification policy", Known);
        LocatedJson standard = root.GetValueOrDefault("default") ?? throw json.Wrong("'default' is missing: allow or deny, for images that no rule matches.");
        return new TrustPolicy(path, IsAllow(standard, "default"), [.. root.GetValueOrDefault("rules")?.Array("rules").Select(Rule) ?? []]);
    }

    private TrustRule Rule(LocatedJson json)
    {
        IReadOnlyDictionary<string, LocatedJson> rule = json.Object("a rule", KnownInRule);
        LocatedJson reference = rule.GetValueOrDefault("reference") ?? throw json.Wrong("The rule has no 'reference', the pattern of its images.");
        RepositoryPattern pattern = At(reference, () => RepositoryPattern.Parse(reference.Text("reference")));
        LocatedJson? keys = rule.GetValueOrDefault("keys"), digests = rule.GetValueOrDefault("digests"), signedAs = rule.GetValueOrDefault("signedAs");
        if (rule.GetValueOrDefault("action") is { } action)
        {
            return keys is null && digests is null && signedAs is null
                ? new TrustRule(pattern, IsAllow(action, "action") ? TrustAction.Allow : TrustAction.Deny, [], [], json.Line)
                : throw action.Wrong("A rule with keys or digests cannot have an action. Remove 'action'.");
        }

        if (keys is null && digests is null)
        {
            throw json.Wrong("The rule does nothing: give it keys, digests, or the action allow or deny.");
        }

        if (keys?.Array("keys") is { Count: 0 } || digests?.Array("digests") is { Count: 0 })
        {
            throw json.Wrong("The list is empty; write \"action\": \"deny\" to refuse all images.");
        }

        if (signedAs is not null && keys is null)
        {
            throw signedAs.Wrong("'signedAs' requires keys to verify signatures with.");
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
            : throw json.Wrong("'signedAs' must be one repository, such as ghcr.io/me/tool; or all below a path, such as ghcr.io/me/*, if 'reference' is such a pattern too.");
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
            byte[] pem = TrustedFile.Read(file) ?? throw json.Wrong($"The key '{file}' does not exist.");
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
        _ => throw json.Wrong($"'{what}' must be allow or deny."),
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
