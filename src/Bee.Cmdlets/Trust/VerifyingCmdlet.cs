using System.Management.Automation;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Repositories;
using Bee.Oci.Signatures;
using Bee.Oci.Signatures.Keys;
using Bee.Oci.Store;
using Bee.Oci.Trust;
using Bee.Toolchain;

namespace Bee.Cmdlets;

/// <summary>A cmdlet that takes images into the store, or runs them: only those that the policies let pass, and that are signed where a signature is asked for.</summary>
public abstract class VerifyingCmdlet : RegistryStoreCmdlet
{
    private ImageTrust? _trust;

    /// <summary>Files with public keys (PEM), of which one has to have signed the image.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] PublicKey { get; set; } = [];

    /// <summary>Refuses what has no valid signature. Without -PublicKey the keys that the policy has for the image count.</summary>
    [Parameter]
    public SwitchParameter RequireSignature { get; set; }

    /// <summary>A policy file in place of the user's own. The administrator's, /etc/bee/policy.json, applies as well.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Policy { get; set; }

    /// <summary>What was decided about the signature of the last image.</summary>
    private protected SignatureVerdict Verdict { get; private set; }

    /// <summary>What decides over images.</summary>
    private protected ImageTrust Trust => _trust ??= MakeTrust();

    /// <summary>Refuses an image of the store that is not trusted; says why another one is.</summary>
    /// <exception cref="TrustException">It is not trusted.</exception>
    private protected IReadOnlyList<string> Verify(Image image)
    {
        var reasons = new List<string>();
        Verdict = SignatureVerdict.Unchecked;
        foreach (string name in new[] { image.Reference, image.Descriptor.Annotations.GetValueOrDefault(AnnotationKeys.ContainerdName) }.OfType<string>().Distinct())
        {
            reasons.AddRange(Verify(image, name));
        }

        reasons.ForEach(Tell);
        return reasons;
    }

    // A layout that docker or containerd wrote has the tag alone as the name that Bee shows, and the whole reference beside it.
    private IReadOnlyList<string> Verify(Image image, string name)
    {
        ImageTrust trust = Trust;
        if (!ImageReference.TryParse(name, out ImageReference? reference) || image.Repository.Length == 0)
        {
            RefuseIfRequired(image.Repository.Length == 0 ? $"{image.Reference}, which has no name" : $"{image.Digest}, whose name is not a reference");
            trust.RefuseInvalidName(name);
            return [];
        }

        if (reference.Registry is null && !trust.IsRequired)
        {
            return [];
        }

        IReadOnlyRepository repository = Stores.Of(image).Repository(image.Repository);
        TrustDecision decision = Link.Wait(cancellationToken => trust.CheckAsync(repository, reference, image.Digest, cancellationToken));
        Verdict = decision.IsSigned ? SignatureVerdict.Verified : decision.Count > 0 && Verdict == SignatureVerdict.Unchecked ? SignatureVerdict.Allowed : Verdict;
        return decision;
    }

    /// <summary>Refuses what can have no signature, where one is asked for.</summary>
    /// <exception cref="TrustException"><see cref="TrustFault.Unverifiable"/>.</exception>
    private protected void RefuseIfRequired(string what)
    {
        if (Trust.IsRequired)
        {
            throw new TrustException(TrustFault.Unverifiable, $"A signature of {what} is required, and only an image with a name can have one.")
            {
                Remedy = "Name an image of a registry, or leave -RequireSignature and -PublicKey out.",
            };
        }
    }

    /// <inheritdoc/>
    private protected override Func<Descriptor, IReadOnlyRepository, CancellationToken, Task> BeforeCommit(ImageReference name)
    {
        ImageTrust trust = Trust;
        return async (found, repository, cancellationToken) =>
        {
            foreach (string reason in await trust.CheckAsync(repository, name, found.Digest, cancellationToken).ConfigureAwait(false))
            {
                Link.Note(new RegistryNote(reason, IsWarning: false));
            }
        };
    }

    private ImageTrust MakeTrust()
    {
        // Loading the code behind it takes a while, and most runs need no key.
        var algorithms = new Lazy<IKeyAlgorithms>(Isolated.Create<IKeyAlgorithms>);
        string? policy = Policy is null ? null : FullPath(Policy);
        return new ImageTrust(
            () => TrustPolicy.Load(policy, () => algorithms.Value),
            [.. PublicKey.Select(FullPath).Select(file => VerificationKey.Read(KeyFile.Read(file), algorithms.Value, file))],
            RequireSignature);
    }
}
