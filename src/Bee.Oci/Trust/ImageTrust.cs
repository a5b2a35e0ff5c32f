using System.Collections.ObjectModel;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Repositories;
using Bee.Oci.Signatures;
using Bee.Posix;

namespace Bee.Oci.Trust;

/// <summary>
/// Decides whether an image may be stored or run: the policies that are in force, and what was asked for on top. What is decided over is a digest, so whoever asks goes
/// on with exactly that digest.
/// </summary>
internal sealed class ImageTrust
{
    private readonly Lazy<IReadOnlyList<TrustPolicy>> _policies;
    private readonly IReadOnlyList<VerificationKey> _keys;
    private readonly bool _isRequired;

    /// <summary>Makes one.</summary>
    /// <param name="policies">Gives the policies when the first image of a registry is looked at; what it throws stops that image.</param>
    /// <param name="keys">Keys of which one has to have signed; none where only the policies count.</param>
    /// <param name="isRequired">Whether a signature is needed in any case, by one of <paramref name="keys"/> or, where there are none, of the keys that the policies have for the image.</param>
    public ImageTrust(Func<IReadOnlyList<TrustPolicy>> policies, IReadOnlyList<VerificationKey> keys, bool isRequired)
    {
        _policies = new Lazy<IReadOnlyList<TrustPolicy>>(policies);
        _keys = keys;
        _isRequired = isRequired || keys.Count > 0;
    }

    /// <summary>Whether a signature was asked for, so that local images and files have to have one too.</summary>
    public bool IsRequired => _isRequired;

    /// <summary>Decides over an image. One whose name has no registry is local: the policies say nothing about it.</summary>
    /// <param name="repository">Where the image and its signatures are.</param>
    /// <param name="reference">The name that it was asked for by.</param>
    /// <param name="digest">The digest of what would be stored or run.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Why it passes.</returns>
    /// <exception cref="TrustException">It does not pass.</exception>
    /// <exception cref="RegistryException">The registry could not be asked for signatures.</exception>
    /// <exception cref="StoreException">The store could not be read.</exception>
    public async Task<TrustDecision> CheckAsync(IReadOnlyRepository repository, ImageReference reference, Digest digest, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reference);
        var reasons = new List<string>();
        IReadOnlyList<TrustPolicy> policies = reference.Registry is null ? [] : _policies.Value;
        bool hasSignature = false;
        foreach (TrustPolicy policy in policies)
        {
            (string reason, bool isSigned) = await ApplyAsync(policy, repository, reference, digest, cancellationToken).ConfigureAwait(false);
            hasSignature |= isSigned;
            reasons.Add(reason);
        }

        if (_isRequired && (_keys.Count > 0 || !hasSignature))
        {
            VerificationKey[] keys = [.. _keys.Count > 0 ? _keys : policies.SelectMany(policy => policy.For(reference)?.Keys ?? []).DistinctBy(key => key.KeyId)];
            if (keys.Length == 0)
            {
                throw new TrustException(TrustFault.NoKey, $"A signature of {reference} is required, and there is no key to verify it with.")
                {
                    Remedy = $"Give the signer's public key, or name it in a rule for {reference.Name} of a policy.",
                };
            }

            string? signedAs = _keys.Count > 0 ? null : policies.Select(policy => policy.For(reference)?.SignedAsFor(reference)).FirstOrDefault(name => name is not null);
            reasons.Add($"{reference} ({digest}) is {await VerifyAsync(repository, reference, digest, keys, signedAs, "", cancellationToken).ConfigureAwait(false)}.");
            hasSignature = true;
        }

        return new TrustDecision(reasons, hasSignature);
    }

    /// <summary>Refuses an image whose name is not a reference, where a policy is in force: no rule could be for it, whatever registry it came from.</summary>
    /// <param name="name">The name, as another tool wrote it into a layout; the digest of an image without a name.</param>
    /// <exception cref="TrustException">There is a policy, or one that cannot be used.</exception>
    public void RefuseInvalidName(string name)
    {
        if (_policies.Value is [var policy, ..])
        {
            throw new TrustException(TrustFault.Denied, $"'{TerminalText.Clean(Redaction.WithoutLogin(name))}' is not an image reference, so {policy.Path} cannot decide over the image; it is refused.")
            {
                Policy = policy.Path,
                Remedy = "Give the image a name that is a reference, if you know what it is.",
            };
        }
    }

    private static async Task<(string Reason, bool IsSigned)> ApplyAsync(
        TrustPolicy policy, IReadOnlyRepository repository, ImageReference reference, Digest digest, CancellationToken cancellationToken)
    {
        TrustRule? rule = policy.For(reference);
        string where = rule is null ? $"the default of {policy.Path}" : $"the rule for {rule.Pattern} in {policy.Path}, line {rule.Line}";
        switch (rule?.Action ?? (policy.Default ? TrustAction.Allow : TrustAction.Deny))
        {
            case TrustAction.Allow:
                return ($"{reference} passes by {where}.", false);
            case TrustAction.Verify when rule!.Digests.Contains(digest):
                return ($"{reference} ({digest}) passes by {where}, which lists its digest.", false);
            case TrustAction.Verify when rule!.Keys.Count > 0:
                string signed = await VerifyAsync(repository, reference, digest, rule.Keys, rule.SignedAsFor(reference), $", which {where} asks for", cancellationToken).ConfigureAwait(false);
                return ($"{reference} ({digest}) is {signed}, as {where} asks.", true);
            case TrustAction.Verify:
                throw new TrustException(TrustFault.NotVerified, $"{reference} is {digest}, which {where} does not list.")
                {
                    Policy = policy.Path,
                    Line = rule!.Line,
                    Remedy = "Add the digest to the rule if you know what the image is.",
                };
            default:
                throw new TrustException(TrustFault.Denied, $"{reference} is refused by {where}.")
                {
                    Policy = policy.Path,
                    Line = rule?.Line ?? 0,
                    Remedy = $"If it should run here, give {policy.Path} a rule for {reference.Name}{(rule is null ? "" : $" before line {rule.Line}")}: with keys, or with its digest.",
                };
        }
    }

    private static async Task<string> VerifyAsync(
        IReadOnlyRepository repository, ImageReference reference, Digest digest, IReadOnlyList<VerificationKey> keys, string? signedAs, string asked, CancellationToken cancellationToken)
    {
        SignatureReport report = await new SignatureVerifier { SignedAs = signedAs }.VerifyAsync(repository, reference, digest, keys, cancellationToken).ConfigureAwait(false);
        return report.IsVerified
            ? report.Summary
            : throw new TrustException(TrustFault.NotVerified, $"{reference} ({digest}) has no valid signature{asked}: {report.Summary}.")
            {
                Remedy = $"Ask the publisher of {reference.Name} for a signature, or for the key that it was made with.",
            };
    }
}

/// <summary>Why an image passes: a sentence for each policy and for what the caller asked for; none if nothing was asked.</summary>
internal sealed class TrustDecision : ReadOnlyCollection<string>
{
    internal TrustDecision(IList<string> reasons, bool isSigned)
        : base(reasons)
    {
        IsSigned = isSigned;
    }

    /// <summary>Whether a signature of the image was verified.</summary>
    public bool IsSigned { get; }
}

/// <summary>Why an image is not trusted. Stable: error ids are made of the names.</summary>
internal enum TrustFault
{
    /// <summary>A policy says that images of this name are not taken.</summary>
    Denied,

    /// <summary>No signature by one of the keys is valid for it, and no rule has its digest.</summary>
    NotVerified,

    /// <summary>A signature was asked for, and there is no key to verify it with.</summary>
    NoKey,

    /// <summary>A signature was asked for of something that can have none: a file, or an image without a name.</summary>
    Unverifiable,

    /// <summary>A policy cannot be read, is not what it should be, or could have been written by somebody else.</summary>
    BadPolicy,
}

/// <summary>An image is not trusted; it is neither stored nor run.</summary>
internal sealed class TrustException : BeeException
{
    /// <summary>Makes one.</summary>
    public TrustException(TrustFault fault, string message, Exception? inner = null)
        : base($"Trust.{fault}", message, inner: inner) => Fault = fault;

    /// <summary>What is missing.</summary>
    public TrustFault Fault { get; }

    /// <summary>The policy's file, for <see cref="TrustFault.BadPolicy"/> and <see cref="TrustFault.Denied"/>; otherwise null.</summary>
    public string? Policy { get; init; }

    /// <summary>The line in it, from 1; 0 where it is about no place.</summary>
    public int Line { get; init; }

    /// <summary>The column in it, in characters from 1; 0 where it is about no place.</summary>
    public int Column { get; init; }
}
