using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Registries;
using Bee.Cmdlets.Tools;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Registry.Client;
using Bee.Oci.Repositories;

namespace Bee.Cmdlets.Images;

/// <summary>Lists what registries have: the repositories of one, the tags of a repository.</summary>
[Cmdlet(VerbsCommon.Find, "BeeImage")]
[OutputType(typeof(RemoteImage))]
public sealed class FindImageCommand : RegistryCmdlet
{
    // How many manifests are asked for at once.
    private const int Together = 4;

    /// <summary>A registry, a repository, or an image; wildcards are allowed in repositories and tags.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RemoteNameCompleter))]
    [WithoutLogin]
    public string[] Reference { get; set; } = [];

    /// <summary>Asks for the manifest of each tag too: digest, size, date, platforms.</summary>
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
            // A registry may tell any text.
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
                // A repository whose last image has gone is listed for a while; it is not what was asked for by its name.
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
            // One by one: the engine reads a whole collection before it hands on the first.
            foreach (ImageReference tag in tags)
            {
                WriteObject(RemoteImage.Named(tag));
            }

            return;
        }

        foreach (ImageReference[] some in tags.Chunk(Together))
        {
            // One that fails is told by itself; it may have been deleted since the list was made.
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
            // Signatures and the like stand under tags too; a pattern that says more than all finds them.
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
