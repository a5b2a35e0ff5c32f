using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Registries;
using Bee.Cmdlets.Tools;
using Bee.Cmdlets.Views;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Repositories;
using Bee.Oci.Store;
using Bee.Oci.Transfer;
using Bee.Posix;

namespace Bee.Cmdlets.Images;

/// <summary>Removes names from the local store and deletes unreferenced blobs, or removes images from a registry.</summary>
[Cmdlet(VerbsCommon.Remove, "BeeImage", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class RemoveImageCommand : RegistryStoreCmdlet
{
    /// <summary>References, short names or digests; wildcards are allowed. A digest removes all names of its image.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [WithoutLogin]
    public string[] Reference { get; set; } = [];

    /// <summary>Removes images from the registry only; local images stay.</summary>
    [Parameter]
    public SwitchParameter Remote { get; set; }

    /// <summary>Suppresses the confirmation that $ConfirmPreference would request. -Confirm and -WhatIf still apply.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string reference in Reference)
        {
            Guard(reference, () =>
            {
                if (Remote)
                {
                    RemoveRemote(Link.Pattern(reference));
                }
                else
                {
                    Remove(reference);
                }
            });
        }
    }

    private void RemoveRemote(RemotePattern wanted)
    {
        if (wanted.IsOverRepositories || (wanted.Tag is null && wanted.Digest is null))
        {
            throw new BeeInputException(
                "NoTag", $"'{wanted.Text}' does not specify which images to remove from the registry.", "Name one repository with a tag, a pattern for tags, or a digest.");
        }

        IRepository repository = Link.Repository(ImageReference.Parse($"{wanted.Registry ?? throw RegistryLink.NoRegistry(wanted.Text)}/{wanted.Repository}"));
        if (wanted.Digest is { } pinned)
        {
            RemoveWhole(repository, pinned);
            return;
        }

        // The list is read to its end before anything is deleted, because deleting shifts the pages.
        string[] tags = wanted.IsOverTags ? [.. Link.Each(repository.TagsAsync).Where(tag => RemotePattern.Fits(wanted.Tag!, tag))] : [wanted.Tag!];
        foreach (string tag in tags)
        {
            RemoveTag(repository, tag);
        }
    }

    private void RemoveTag(IRepository repository, string tag)
    {
        string whole = $"{repository.Name}:{tag}";
        if (MayRemove(whole, "Remove tag from registry"))
        {
            Guard(whole, () => Delete(repository, tag, whole));
        }
    }

    // Removes the image by digest, with all tags and with its signatures, which would otherwise stay behind unused.
    private void RemoveWhole(IRepository repository, Digest digest)
    {
        string whole = $"{repository.Name}@{digest}";
        SignatureRemoval signatures = Link.Wait(cancellationToken => SignatureRemoval.FindAsync(repository, digest, Link.Note, cancellationToken));
        if (!MayRemove(signatures.IsEmpty ? whole : $"{whole}, and {signatures}", "Remove image with all its tags from registry"))
        {
            return;
        }

        Delete(repository, digest.ToString(), whole);
        if (signatures.IsEmpty)
        {
            return;
        }

        try
        {
            Link.Wait(cancellationToken => Done(signatures.RunAsync(cancellationToken)));
            WriteNote($"Removed {signatures} of {whole}.");
        }
        catch (RegistryException refused)
        {
            throw new RegistryException(refused.Fault, $"{whole} was removed, but not all of {signatures}: {refused.Message}", refused)
            {
                Code = refused.Code,
                Status = refused.Status,
                Remedy = refused.Remedy,
            };
        }
    }

    private void Delete(IRepository repository, string name, string whole)
    {
        try
        {
            Link.Wait(cancellationToken => Done(repository.DeleteAsync(name, cancellationToken)));
            WriteNote($"Removed {whole}.");
        }
        catch (RegistryException refused) when (refused.Fault == RegistryFault.Unsupported && !name.StartsWith(Digest.Prefix, StringComparison.Ordinal))
        {
            // Some registries delete by digest only. That would remove the image's other tags too, so it is left to the user.
            Digest? digest = Link.Wait(cancellationToken => repository.ResolveAsync(name, cancellationToken))?.Digest;
            throw new RegistryException(RegistryFault.Unsupported, $"The registry cannot remove a single tag. {refused.Message}", refused)
            {
                Code = refused.Code,
                Status = refused.Status,
                Remedy = digest is null ? refused.Remedy : $"Remove-BeeImage {repository.Name}@{digest} -Remote removes the image with all its tags.",
            };
        }
    }

    private static async Task<bool> Done(Task work)
    {
        await work.ConfigureAwait(false);
        return true;
    }

    private void Remove(string reference)
    {
        foreach (Image image in Local.Match(reference))
        {
            if (image.Store != Stores.Own.Path)
            {
                WriteError(new StoreException(StoreFault.ReadOnly, $"{image.Reference} is in the store of the user who ran sudo, {image.Store}, which is read-only here. Remove it as that user."), image);
                continue;
            }

            // An image that was named by digest is removed with all its names.
            bool byDigest = ImageNames.IsDigest(reference, image);
            string name = byDigest ? image.Digest : image.Reference;
            if (MayRemove(name, "Remove image"))
            {
                Guard(name, () => Report(Stores.Own.Remove(name)));
            }
        }
    }

    private bool MayRemove(string target, string action)
    {
        bool isAsked = MyInvocation.BoundParameters.ContainsKey("Confirm") || MyInvocation.BoundParameters.ContainsKey("WhatIf") || LanguagePrimitives.IsTrue(GetVariableValue("WhatIfPreference"));
        return (Force && !isAsked) || ShouldProcess(target, action);
    }

    private void Report(RemoveResult result)
        => WriteNote($"Removed {string.Join(", ", result.References)}: {Quantity.Of(result.BlobsDeleted, "blob")}, {ViewText.Size(result.BytesFreed)} freed.");
}
