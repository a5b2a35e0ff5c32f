using System.Collections;
using Bee.Oci.Formats;
using Bee.Oci.Store;

namespace Bee.Cmdlets;

/// <summary>Offers registries, repositories and images, as far as the local images tell of them: nobody who presses Tab waits for a network.</summary>
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
