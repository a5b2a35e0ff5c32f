using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Registries;
using Bee.Cmdlets.Tools;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Registry.Client;
using Bee.Oci.Repositories;

namespace Bee.Cmdlets.Images;

/// <summary>Lists the repositories of a registry and the tags of a repository.</summary>
[Cmdlet(VerbsCommon.Find, "BeeImage")]
[OutputType(typeof(RemoteImage))]
public sealed class FindImageCommand : RegistryCmdlet
{
    // The number of manifests that are requested at once.
    private const int Together = 4;

    /// <summary>A registry, a repository, or an image; wildcards are allowed in repositories and tags.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RemoteNameCompleter))]
    [WithoutLogin]
    public string[] Reference { get; set; } = [];

    /// <summary>Requests the manifest of each tag too, for its digest, size, date and platforms.</summary>
    [Parameter]
    public SwitchParameter Detailed { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string reference in Reference)
        {
            Guard(reference, () => Find(Link.Pattern(reference)));
        }
    }

    private void Find(RemotePattern wanted)
    {
        IRegistry registry = Link.Connect(wanted.Registry ?? throw RegistryLink.NoRegistry(wanted.Text));
        if (!wanted.IsOverRepositories)
        {
            FindTags(registry.Repository(wanted.Repository), wanted);
            return;
        }

        foreach (string name in Link.Each(registry.RepositoriesAsync).Where(name => RemotePattern.Fits(wanted.Repository, name)))
        {
            // A registry can return any text as a name.
            if (!ImageReference.TryParse($"{registry.Host}/{name}", out ImageReference? reference))
            {
                continue;
            }

            if (wanted.Tag is null)
            {
                WriteObject(RemoteImage.Named(reference));
            }
            else
            {
                // Registries list a repository for a while after its last image was deleted. The user did not ask for it by name, so it is skipped.
                Guard(reference.ToString(), () => FindTags(registry.Repository(name), wanted, isListed: true));
            }
        }
    }

    private void FindTags(IRepository repository, RemotePattern wanted, bool isListed = false)
    {
        if (!wanted.IsOverTags)
        {
            var one = ImageReference.Parse(repository.Name + (wanted.Tag is null ? "" : $":{wanted.Tag}") + (wanted.Digest is null ? "" : $"@{wanted.Digest}"));
            if (isListed && Link.Wait(cancellationToken => repository.ResolveAsync(wanted.Tag!, cancellationToken)) is null)
            {
                return;
            }

            WriteObject(Link.Wait(cancellationToken => RemoteImage.DescribeAsync(repository, one, cancellationToken)));
            return;
        }

        IEnumerable<ImageReference> tags = TagsOf(repository, wanted.Tag ?? "", isListed);
        if (!Detailed)
        {
            // Written one by one: the engine would read a whole collection before it passes on the first item.
            foreach (ImageReference tag in tags)
            {
                WriteObject(RemoteImage.Named(tag));
            }

            return;
        }

        foreach (ImageReference[] some in tags.Chunk(Together))
        {
            // A failing manifest is reported on its own: the tag may have been deleted since the list was read.
            Task<RemoteImage>[] asked = Link.Wait(async cancellationToken =>
            {
                Task<RemoteImage>[] all = [.. some.Select(tag => RemoteImage.DescribeAsync(repository, tag, cancellationToken))];
                await Task.WhenAny(Task.WhenAll(all)).ConfigureAwait(false);
                return all;
            });
            for (int i = 0; i < some.Length; i++)
            {
                Guard(some[i].ToString(), () => WriteObject(asked[i].GetAwaiter().GetResult()));
            }
        }
    }

    private IEnumerable<ImageReference> TagsOf(IRepository repository, string pattern, bool isListed)
    {
        using IEnumerator<string> tags = Link.Each(repository.TagsAsync).GetEnumerator();
        while (Next(tags, isListed))
        {
            // Signatures and other referrers have tags too. They are listed only if the pattern is more specific than '*'.
            if (RemotePattern.Fits(pattern, tags.Current) && (pattern is not ("" or "*") || DigestTag.Subject(tags.Current) is null)
                && ImageReference.TryParse($"{repository.Name}:{tags.Current}", out ImageReference? reference))
            {
                yield return reference;
            }
        }
    }

    private static bool Next(IEnumerator<string> tags, bool isListed)
    {
        try
        {
            return tags.MoveNext();
        }
        catch (RegistryException gone) when (isListed && gone.Fault == RegistryFault.NotFound)
        {
            return false;
        }
    }
}
