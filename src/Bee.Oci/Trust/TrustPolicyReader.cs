using System.Text;
using Bee.Oci.Formats;
using Bee.Oci.Signatures;
using Bee.Oci.Signatures.Keys;

namespace Bee.Oci.Trust;

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
            [.. digests?.Items.Select(digest => At(digest, () => ContentDigest.Parse(digest.Text("a digest")).ToString())) ?? []],
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
