using Bee.Cmdlets.Base;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Repositories;
using Bee.Oci.Signatures;
using Bee.Oci.Signatures.Keys;
using Bee.Oci.Store;
using Bee.Oci.Trust;
using Bee.Toolchain.Isolation;

namespace Bee.Cmdlets.Tools;

/// <summary>The verification options of a cmdlet, in addition to the policies of this machine.</summary>
internal sealed record VerificationOptions
{
    /// <summary>The policy file that replaces the user's own; null for the user's own.</summary>
    public string? Policy { get; init; }

    /// <summary>Files with public keys (PEM). One of the keys must have signed the image.</summary>
    public IReadOnlyList<string> PublicKeys { get; init; } = [];

    /// <summary>Whether images without a valid signature are refused.</summary>
    public bool RequireSignature { get; init; }
}

/// <summary>The result of the signature check of an image.</summary>
internal enum SignatureVerdict
{
    /// <summary>Neither a policy nor the caller requires a signature.</summary>
    Unchecked,
    /// <summary>A policy allows the image without a signature.</summary>
    Allowed,
    /// <summary>A signature was verified.</summary>
    Verified,
}

/// <summary>The result of verifying an image that passed.</summary>
/// <param name="Reasons">Why the image passed; empty if no signature is required.</param>
/// <param name="Verdict">The result of the signature check.</param>
internal sealed record ImageVerification(IReadOnlyList<string> Reasons, SignatureVerdict Verdict);

/// <summary>Decides which images may be stored and run: those that the policies allow and, if a signature is required, that have a valid one.</summary>
/// <param name="local">The local images.</param>
/// <param name="link">Waits for the verification and writes its notes.</param>
/// <param name="streams">Receives the reasons why an image passed.</param>
/// <param name="options">The options. The policies and keys are read when the first image is verified.</param>
internal sealed class ImageVerifier(LocalImages local, PipelineWait link, ICmdletStreams streams, Func<VerificationOptions> options)
{
    private ImageTrust? _trust;

    private ImageTrust Trust => _trust ??= MakeTrust(options());

    /// <summary>Verifies an image of a local store under each of its names.</summary>
    /// <exception cref="TrustException">The image is not trusted.</exception>
    public ImageVerification Verify(Image image)
    {
        var reasons = new List<string>();
        SignatureVerdict verdict = SignatureVerdict.Unchecked;
        // In a layout from docker or containerd, Bee shows the tag only as the name. The full reference is in an annotation.
        foreach (string name in new[] { image.Reference, image.Descriptor.Annotations.GetValueOrDefault(AnnotationKeys.ContainerdName) }.OfType<string>().Distinct())
        {
            ImageVerification one = Verify(image, name);
            reasons.AddRange(one.Reasons);
            verdict = one.Verdict == SignatureVerdict.Verified || verdict == SignatureVerdict.Unchecked ? one.Verdict : verdict;
        }

        reasons.ForEach(streams.WriteNote);
        return new ImageVerification(reasons, verdict);
    }

    /// <summary>Throws if a signature is required, for an object that cannot have one.</summary>
    /// <param name="what">The object, as a noun phrase.</param>
    /// <exception cref="TrustException"><see cref="TrustFault.Unverifiable"/>.</exception>
    public void RefuseIfRequired(string what)
    {
        if (Trust.IsRequired)
        {
            throw new TrustException(TrustFault.Unverifiable, $"A signature is required, but {what} cannot have one: only named images can be signed.")
            {
                Remedy = "Use an image of a registry, or omit -RequireSignature and -PublicKey.",
            };
        }
    }

    /// <summary>Returns a function that verifies an image from a registry before the store names it. If it throws, the image gets no name.</summary>
    /// <param name="name">The name.</param>
    public Func<Descriptor, IReadOnlyRepository, CancellationToken, Task> BeforeCommit(ImageReference name)
    {
        ImageTrust trust = Trust;
        return async (found, repository, cancellationToken) =>
        {
            foreach (string reason in await trust.CheckAsync(repository, name, found.Digest, cancellationToken).ConfigureAwait(false))
            {
                link.Note(new RegistryNote(reason, IsWarning: false));
            }
        };
    }

    private ImageVerification Verify(Image image, string name)
    {
        ImageTrust trust = Trust;
        if (!ImageReference.TryParse(name, out ImageReference? reference) || image.Repository.Length == 0)
        {
            RefuseIfRequired(image.Repository.Length == 0 ? $"{image.Reference}, which has no name" : $"{image.Digest}, whose name is not a reference");
            trust.RefuseInvalidName(name);
            return new ImageVerification([], SignatureVerdict.Unchecked);
        }

        if (reference.Registry is null && !trust.IsRequired)
        {
            return new ImageVerification([], SignatureVerdict.Unchecked);
        }

        IReadOnlyRepository repository = local.Stores.Of(image).Repository(image.Repository);
        TrustDecision decision = link.Wait(cancellationToken => trust.CheckAsync(repository, reference, image.Descriptor.ToDescriptor().Digest, cancellationToken));
        return new ImageVerification(decision, decision.IsSigned ? SignatureVerdict.Verified : decision.Count > 0 ? SignatureVerdict.Allowed : SignatureVerdict.Unchecked);
    }

    private static ImageTrust MakeTrust(VerificationOptions options)
    {
        // Loading the cryptography assembly is slow, and most runs need no key.
        var algorithms = new Lazy<IKeyAlgorithms>(Isolated.Create<IKeyAlgorithms>);
        return new ImageTrust(
            () => TrustPolicy.Load(options.Policy, () => algorithms.Value),
            [.. options.PublicKeys.Select(file => VerificationKey.Read(KeyFile.Read(file), algorithms.Value, file))],
            options.RequireSignature);
    }
}
