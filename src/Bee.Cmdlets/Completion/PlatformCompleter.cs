using System.Collections;
using Bee.Oci;

namespace Bee.Cmdlets;

/// <summary>Offers the platforms that have eBPF, this machine's first.</summary>
public sealed class PlatformCompleter : BeeCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
        => Platform.Architectures.Select(architecture => new Platform("linux", architecture)).Prepend(Platform.Host).Distinct()
            .Select(platform => new Candidate($"{platform}", platform == Platform.Host ? "this machine" : platform.IsBigEndian ? "big-endian" : "little-endian"));
}
