using System.Collections;
using System.Management.Automation;
using Bee.Cmdlets.Completion;
using Bee.Oci.Formats;
using Bee.Oci.Store;

namespace Bee.Cmdlets.Tools;

/// <summary>Offers the images of the store.</summary>
public class ImageCompleter : BeeCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
    {
        foreach (Image image in StoreOf(bound).List())
        {
            yield return new Candidate(image.Reference, Describe(image));
        }
    }

    /// <summary>Returns the stores that the command line selects.</summary>
    internal static ImageStores StoreOf(IDictionary bound) => new(Argument(bound, "Store"), new GadgetDescriber());

    private static string Describe(Image image)
    {
        string what = image.Description ?? string.Join(", ", image.Programs.Select(program => program.Section ?? program.Name));
        return what.Length > 0 ? what : image.Digest;
    }
}

/// <summary>Offers the images of the store, folders, and .c and .o files.</summary>
public sealed class ImageOrFileCompleter : ImageCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<CompletionResult> More(string word)
        => CompletionCompleters.CompleteFilename(word).Where(result => result.ResultType == CompletionResultType.ProviderContainer
            || result.ListItemText.EndsWith(".c", StringComparison.Ordinal)
            || result.ListItemText.EndsWith(".o", StringComparison.Ordinal));
}

/// <summary>Offers registries, repositories and images that the local images mention. Completion sends no request to a registry.</summary>
public sealed class RemoteNameCompleter : BeeCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
    {
        (Image Image, ImageReference Name)[] remote =
        [
            .. from image in ImageCompleter.StoreOf(bound).List()
               where ImageReference.TryParse(image.Reference, out ImageReference? name) && name.Registry is not null
               select (image, ImageReference.Parse(image.Reference)),
        ];
        return remote.Select(item => new Candidate($"{item.Name.Registry}/", "registry"))
            .Concat(remote.Select(item => new Candidate(item.Name.Name, "repository")))
            .DistinctBy(candidate => candidate.Text)
            .Concat(remote.Select(item => new Candidate(item.Name.ToString(), item.Image.Description ?? item.Image.Digest)));
    }
}

/// <summary>Offers platforms.</summary>
public sealed class PlatformCompleter : BeeCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound) =>
        Platform.Architectures.Select(architecture => new Platform("linux", architecture))
            .Select(platform => new Candidate(platform.ToString(), platform.Architecture == Platform.Host.Architecture ? "this machine's" : "another machine's"));
}
