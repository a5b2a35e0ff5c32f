using System.Collections.ObjectModel;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Repositories;
using Bee.Oci.Signatures;
using Bee.Posix;

namespace Bee.Oci.Trust;

/// <summary>
/// Decides whether an image may be stored or run, by the policies in force and the caller's requirements. The decision is about a digest, and callers must continue with
/// exactly that digest.
/// </summary>
internal sealed class ImageTrust
{
    private readonly Lazy<IReadOnlyList<TrustPolicy>> _policies;
    private readonly IReadOnlyList<VerificationKey> _keys;
    private readonly bool _isRequired;

    /// <summary>Creates an instance.</summary>
    /// <param name="policies">Returns the policies. Called for the first image of a registry. If it throws, the image is refused.</param>
    /// <param name="keys">Accepted keys, in addition to the policies; empty for only the policies.</param>
    /// <param name="isRequired">Whether a signature is required in any case, by one of <paramref name="keys"/> or, if there are none, of the keys that the policies have for the image.</param>
    public ImageTrust(Func<IReadOnlyList<TrustPolicy>> policies, IReadOnlyList<VerificationKey> keys, bool isRequired)
    {
        _policies = new Lazy<IReadOnlyList<TrustPolicy>>(policies);
        _keys = keys;
        _isRequired = isRequired || keys.Count > 0;
    }

    /// <summary>Whether a signature is required, also of local images and files.</summary>
    public bool IsRequired => _isRequired;

    /// <summary>Decides about an image. An image whose name has no registry is local, and no policy applies to it.</summary>
    /// <param name="repository">The repository of the image and its signatures.</param>
    /// <param name="reference">The name by which the image was requested.</param>
    /// <param name="digest">The digest to be stored or run.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>Why the image is trusted.</returns>
    /// <exception cref="TrustException">The image is not trusted.</exception>
    /// <exception cref="RegistryException">The registry cannot be reached or reports an error.</exception>
    /// <exception cref="StoreException">The store cannot be read.</exception>
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
                throw new TrustException(TrustFault.NoKey, $"A signature of {reference} is required, but no key is available to verify it.")
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

    /// <summary>Refuses an image whose name is not a reference if a policy is in force, because no rule can apply to it.</summary>
    /// <param name="name">The name that another tool wrote into a layout; the digest of an image without a name.</param>
    /// <exception cref="TrustException">A policy is in force, or cannot be read.</exception>
    public void RefuseInvalidName(string name)
    {
        if (_policies.Value is [var policy, ..])
        {
            throw new TrustException(TrustFault.Denied, $"'{TerminalText.Clean(Redaction.WithoutLogin(name))}' is refused: it is not an image reference, so {policy.Path} cannot apply to it.")
            {
                Policy = policy.Path,
                Remedy = "If you trust the image, give it a name that is a valid reference.",
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
                    Remedy = "If you trust the image, add the digest to the rule.",
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

/// <summary>The reasons why an image is trusted: one sentence for each policy and for the caller's requirements; empty if none applied.</summary>
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

/// <summary>The reasons why an image is not trusted. The names are stable, because error ids contain them.</summary>
internal enum TrustFault
{
    /// <summary>A policy denies images of this name.</summary>
    Denied,

    /// <summary>The image has no valid signature by one of the keys, and no rule lists its digest.</summary>
    NotVerified,

    /// <summary>A signature is required, but no key is available to verify it.</summary>
    NoKey,

    /// <summary>A signature is required of something that cannot have one: a file, or an image without a name.</summary>
    Unverifiable,

    /// <summary>A policy cannot be read, is not valid, or may have been written by another user.</summary>
    BadPolicy,
}

/// <summary>An image is not trusted. It is neither stored nor run.</summary>
internal sealed class TrustException : BeeException
{
    /// <summary>Creates the exception.</summary>
    public TrustException(TrustFault fault, string message, Exception? inner = null)
        : base($"Trust.{fault}", message, inner: inner) => Fault = fault;

    /// <summary>The reason.</summary>
    public TrustFault Fault { get; }

    /// <summary>The path of the policy, for <see cref="TrustFault.BadPolicy"/> and <see cref="TrustFault.Denied"/>; otherwise null.</summary>
    public string? Policy { get; init; }

    /// <summary>The line in the policy, from 1; 0 if the failure has no position.</summary>
    public int Line { get; init; }

    /// <summary>The column in characters, from 1; 0 if the failure has no position.</summary>
    public int Column { get; init; }
}
