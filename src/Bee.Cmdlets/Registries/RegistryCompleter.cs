using System.Collections;
using Bee.Cmdlets.Completion;
using Bee.Oci.Registry.Authentication;

namespace Bee.Cmdlets.Registries;

/// <summary>Offers the registries that a login is kept for.</summary>
public sealed class RegistryCompleter : BeeCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
    {
        var logins = DockerConfig.Load();
        return logins.Registries().Select(registry => new Candidate(registry, $"login in {logins.Path}"));
    }
}
