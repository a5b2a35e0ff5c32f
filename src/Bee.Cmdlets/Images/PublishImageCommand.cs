using System.Management.Automation;
using System.Security;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Tools;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Repositories;
using Bee.Oci.Signatures;
using Bee.Oci.Signatures.Layouts;
using Bee.Oci.Store;
using Bee.Oci.Transfer;

namespace Bee.Cmdlets.Images;

/// <summary>Pushes local images to a registry.</summary>
[Cmdlet(VerbsData.Publish, "BeeImage", SupportsShouldProcess = true, DefaultParameterSetName = "Image")]
[Alias("Push-BeeImage")]
[OutputType(typeof(Image))]
public sealed class PublishImageCommand : RegistryStoreCmdlet
{
    private readonly HashSet<string> _published = [];
    private SigningKey? _key;

    /// <summary>References, short names or digests; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Reference", ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [WithoutLogin]
    public string[] Reference { get; set; } = [];

    /// <summary>An image from Get-BeeImage or Invoke-BeeBuild.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Image", ValueFromPipeline = true)]
    [ValidateNotNull]
    public Image? Image { get; set; }

    /// <summary>The name in the registry, if it differs from the image's. Without a tag, the image's own tag is used.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [WithoutLogin]
    public string? Destination { get; set; }

    /// <summary>The file of the private key that signs the published images.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Sign { get; set; }

    /// <summary>The password of the private key. By default the environment variable COSIGN_PASSWORD, or else the user is prompted if the session is interactive.</summary>
    [Parameter]
    [ValidateNotNull]
    public SecureString? SignPassword { get; set; }

    /// <summary>How the signature is stored beside the image.</summary>
    [Parameter]
    public SignatureLayout SignatureLayout { get; set; } = SignatureLayout.Tag;

    /// <summary>Pushes other referrers of the image too, such as attestations and bills of materials. Signatures are always pushed.</summary>
    [Parameter]
    public SwitchParameter IncludeReferrers { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        try
        {
            // Opened before the transfer, so that nothing is published if it cannot be signed.
            _key = Sign is null ? null : SigningKeyFile.Open(this, Sign, SignPassword);
        }
        catch (Exception error) when (ErrorRecords.IsExpected(error))
        {
            ThrowTerminatingError(ErrorRecords.From(error, Sign));
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _key?.Dispose();
        base.Dispose(disposing);
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (Image is not null)
        {
            Guard(Image, () => Publish(Image));
            return;
        }

        foreach (string reference in Reference)
        {
            Guard(reference, () =>
            {
                foreach (Image image in Local.Match(reference))
                {
                    Guard(image, () => Publish(image));
                }
            });
        }
    }

    private void Publish(Image image)
    {
        ImageReference name = NameOf(image);
        IRepository repository = Link.Repository(name);
        if (!ShouldProcess($"{image.Reference} to {name}", "Publish image"))
        {
            return;
        }

        if (!_published.Add(name.ToString()))
        {
            throw new BeeInputException(
                "SameTarget", $"Another image of this pipeline was already published as {name}.", "Use a -Destination without a tag, so that each image keeps its own.");
        }

        var progress = new TransferProgress();
        var transfer = new ImageTransfer(Link.Transfer(progress) with { Referrers = IncludeReferrers });
        TransferResult result = Link.Wait(
            cancellationToken => transfer.PushAsync(Stores.Of(image), image, repository, _key is null ? name.Tag : null, cancellationToken), $"Publishing {name}", progress);
        WriteNote($"{name} is {result.Descriptor.Digest}: {ImagePuller.Moved(result, "sent", "there")}.");
        if (_key is not null)
        {
            Descriptor signature = Link.Wait(cancellationToken => SignAsync(repository, name, result.Descriptor, _key, cancellationToken));
            WriteNote($"{name} is signed with the key {_key}: {signature.Digest}.");
            if (Destination is null && image.Store == Stores.Own.Path)
            {
                BringSignature(name, image, repository);
            }
        }

        WriteObject(image.As(name));
    }

    /// <summary>Copies the signature to the store too, because running the image from there may require one.</summary>
    private void BringSignature(ImageReference name, Image image, IRepository repository)
    {
        try
        {
            // Read from the registry itself: a mirror may not have the signature yet.
            new ImagePuller(Link, Local, null, this).Pull(name.WithDigest(image.Descriptor.ToDescriptor().Digest), source: repository);
        }
        catch (Exception fault) when (fault is StoreException or RegistryException)
        {
            // The image is published, so a failure here is only a warning.
            WriteWarning($"{name} was published and signed, but its signature could not be copied to the local store: {fault.Message} Pull {name} to get it.");
        }
    }

    /// <summary>Signs the image before the tag is set, so that the tag never names an unsigned image.</summary>
    private async Task<Descriptor> SignAsync(IRepository repository, ImageReference name, Descriptor image, SigningKey key, CancellationToken cancellationToken)
    {
        Descriptor signature = await ImageSigner.SignWholeAsync(repository, name, image, key, SignatureLayout, cancellationToken).ConfigureAwait(false);
        if (name.Tag is not null)
        {
            await repository.TagAsync(image, name.Tag, cancellationToken).ConfigureAwait(false);
        }

        return signature;
    }

    private ImageReference NameOf(Image image)
    {
        if (Destination is null)
        {
            return ImageReference.TryParse(image.Reference, out ImageReference? own) && own.Repository.Length > 0 && image.Reference != image.Digest
                ? Link.Complete(own).WithDefaultTag()
                : throw new BeeInputException("NoName", $"The image {image.Reference} has no name that a registry would accept.", "Specify one with -Destination.");
        }

        ImageReference name = Link.Complete(ImageReference.Parse(Destination));
        if (name.Digest is not null && name.Digest != image.Descriptor.ToDescriptor().Digest)
        {
            throw new StoreException(StoreFault.BadReference, $"The digest in the reference '{name}' differs from the image's digest, {image.Digest}. Omit the digest, or use the image's.");
        }

        return name.Tag is null && name.Digest is null && image.Tag is not null ? ImageReference.Parse($"{name}:{image.Tag}") : name.WithDefaultTag();
    }
}
