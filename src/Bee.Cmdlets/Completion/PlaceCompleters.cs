using System.Collections;
using Bee.Ebpf.Links;

namespace Bee.Cmdlets;

/// <summary>Offers network interfaces, of the network namespace that the command line names.</summary>
public sealed class InterfaceCompleter : BeeCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
        => NetworkTargets.Interfaces(Argument(bound, "NetworkNamespace")).Select(one => new Candidate(one.Name, $"interface {one.Index}"));
}

/// <summary>Offers control groups, a level at a time.</summary>
public sealed class CgroupCompleter : BeeCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
        => CgroupTargets.Below(word).Select(path => new Candidate(path, $"cgroup {path}"));
}

/// <summary>Offers the network namespaces that have a name.</summary>
public sealed class NetworkNamespaceCompleter : BeeCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
        => NetworkTargets.Namespaces().Select(name => new Candidate(name, $"/run/netns/{name}"));
}
