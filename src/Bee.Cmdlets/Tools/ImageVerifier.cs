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

/// <summary>What decides over images beside the policies of this machine.</summary>
internal sealed record VerificationOptions
{
    /// <summary>The policy file in place of the user's own; null for that one.</summary>
    public string? Policy { get; init; }

    /// <summary>Files with public keys (PEM), of which one has to have signed an image.</summary>
    public IReadOnlyList<string> PublicKeys { get; init; } = [];

    /// <summary>Whether what has no valid signature is refused.</summary>
    public bool RequireSignature { get; init; }
}

/// <summary>What was decided about the signature of an image before it ran.</summary>
internal enum SignatureVerdict
{
    /// <summary>Neither a policy nor the caller asked for one.</summary>
    Unchecked,
    /// <summary>A policy lets the image pass without a signature.</summary>
    Allowed,
    /// <summary>A signature was verified.</summary>
    Verified,
}

/// <summary>What was decided over an image that passed.</summary>
/// <param name="Reasons">Why it passed; empty where nobody asks for a signature.</param>
/// <param name="Verdict">What was decided about its signature.</param>
internal sealed record ImageVerification(IReadOnlyList<string> Reasons, SignatureVerdict Verdict);

/// <summary>Decides which images may be stored and run: those that the policies let pass, and that are signed where a signature is asked for.</summary>
/// <param name="local">The local images.</param>
/// <param name="link">Waits for the decisions and notes their reasons.</param>
/// <param name="streams">Where it is noted why an image passed.</param>
/// <param name="options">What decides. The policies and keys are read when the first image is decided over.</param>
internal sealed class ImageVerifier(LocalImages local, PipelineWait link, ICmdletStreams streams, Func<VerificationOptions> options)
{
    private ImageTrust? _trust;

    private ImageTrust Trust => _trust ??= MakeTrust(options());

    /// <summary>Decides over an image of a local store, under each name that it has.</summary>
    /// <exception cref="TrustException">It is not trusted.</exception>
    public ImageVerification Verify(Image image)
    {
        var reasons = new List<string>();
        SignatureVerdict verdict = SignatureVerdict.Unchecked;
        // A layout that docker or containerd wrote has the tag alone as the name that Bee shows, and the whole reference beside it.
        foreach (string name in new[] { image.Reference, image.Descriptor.Annotations.GetValueOrDefault(AnnotationKeys.ContainerdName) }.OfType<string>().Distinct())
        {
            ImageVerification one = Verify(image, name);
            reasons.AddRange(one.Reasons);
            verdict = one.Verdict == SignatureVerdict.Verified || verdict == SignatureVerdict.Unchecked ? one.Verdict : verdict;
        }

        reasons.ForEach(streams.WriteNote);
        return new ImageVerification(reasons, verdict);
    }

    /// <summary>Refuses what can have no signature, where one is asked for.</summary>
    /// <param name="what">What it is, as a part of a sentence.</param>
    /// <exception cref="TrustException"><see cref="TrustFault.Unverifiable"/>.</exception>
    public void RefuseIfRequired(string what)
    {
        if (Trust.IsRequired)
        {
            throw new TrustException(TrustFault.Unverifiable, $"A signature of {what} is required, and only an image with a name can have one.")
            {
                Remedy = "Name an image of a registry, or leave -RequireSignature and -PublicKey out.",
            };
        }
    }

    /// <summary>Returns what decides over an image of a registry before it gets a name in the store; what it throws leaves it without one.</summary>
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
        TrustDecision decision = link.Wait(cancellationToken => trust.CheckAsync(repository, reference, image.Digest, cancellationToken));
        return new ImageVerification(decision, decision.IsSigned ? SignatureVerdict.Verified : decision.Count > 0 ? SignatureVerdict.Allowed : SignatureVerdict.Unchecked);
    }

    private static ImageTrust MakeTrust(VerificationOptions options)
    {
        // Loading the code behind it takes a while, and most runs need no key.
        var algorithms = new Lazy<IKeyAlgorithms>(Isolated.Create<IKeyAlgorithms>);
        return new ImageTrust(
            () => TrustPolicy.Load(options.Policy, () => algorithms.Value),
            [.. options.PublicKeys.Select(file => VerificationKey.Read(KeyFile.Read(file), algorithms.Value, file))],
            options.RequireSignature);
    }
}
