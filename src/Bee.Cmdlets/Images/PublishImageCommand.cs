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

/// <summary>Brings local images to a registry.</summary>
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

    /// <summary>An image, as Get-BeeImage and Invoke-BeeBuild give it.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Image", ValueFromPipeline = true)]
    [ValidateNotNull]
    public Image? Image { get; set; }

    /// <summary>The name in the registry, where that is another. Where it has no tag, the image's own is taken.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [WithoutLogin]
    public string? Destination { get; set; }

    /// <summary>The file of a private key to sign what is published with.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Sign { get; set; }

    /// <summary>The password of the private key. Without it COSIGN_PASSWORD of the environment is taken, and else the person is asked, where one is there.</summary>
    [Parameter]
    [ValidateNotNull]
    public SecureString? SignPassword { get; set; }

    /// <summary>How the signature lies beside the image.</summary>
    [Parameter]
    public SignatureLayout SignatureLayout { get; set; } = SignatureLayout.Tag;

    /// <summary>Takes along what else is about the image: attestations, bills of materials, and whatever else refers to it. Signatures go along without it.</summary>
    [Parameter]
    public SwitchParameter IncludeReferrers { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        try
        {
            // Before anything is published: what cannot be signed stays here.
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
                "SameTarget", $"Another image of this pipeline has been published as {name} already.", "Give -Destination no tag, so that each image keeps its own.");
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

    /// <summary>The signature belongs to the image in the store too: who runs it from there may ask for one.</summary>
    private void BringSignature(ImageReference name, Image image, IRepository repository)
    {
        try
        {
            // From the registry itself: a mirror may not have it yet.
            new ImagePuller(Link, Local, null, this).Pull(ImageReference.Parse($"{name.Name}{(name.Tag is null ? "" : $":{name.Tag}")}@{image.Digest}"), source: repository);
        }
        catch (Exception fault) when (fault is StoreException or RegistryException)
        {
            // What was asked for is done.
            WriteWarning($"{name} is published and signed, and its signature is not in the local store: {fault.Message}");
        }
    }

    /// <summary>The tag comes last: whoever finds the image by it finds the signature too.</summary>
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
                : throw new BeeInputException("NoName", $"The image {image.Reference} has no name that a registry could take.", "Give one with -Destination.");
        }

        ImageReference name = Link.Complete(ImageReference.Parse(Destination));
        if (name.Digest is not null && name.Digest != image.Digest)
        {
            throw new StoreException(StoreFault.BadReference, $"The reference '{name}' names another digest than the image's, {image.Digest}.");
        }

        return name.Tag is null && name.Digest is null && image.Tag is not null ? ImageReference.Parse($"{name}:{image.Tag}") : name.WithDefaultTag();
    }
}
