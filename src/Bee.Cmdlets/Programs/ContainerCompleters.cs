using System.Collections;
using Bee.Cmdlets.Completion;
using Bee.Cmdlets.Sessions;
using Bee.Containers.Runtimes;

namespace Bee.Cmdlets.Programs;

/// <summary>The base of completers that offer names of the containers that run on this host.</summary>
public abstract class RunningCompleter : BeeCompleter
{
    // A runtime that does not answer must not block the prompt.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
    {
        using var end = new CancellationTokenSource(s_patience);
        return HostContainers.Running(end.Token)
            .Select(container => (Name: Name(container), Description: Describe(container)))
            .Where(item => !string.IsNullOrEmpty(item.Name))
            .DistinctBy(item => item.Name)
            .OrderBy(item => item.Name, StringComparer.OrdinalIgnoreCase)
            .Select(item => new Candidate(item.Name!, item.Description));
    }

    /// <summary>Returns the name of a container that the parameter accepts; null for none.</summary>
    private protected abstract string? Name(ContainerRecord container);

    /// <summary>Returns the tooltip.</summary>
    private protected abstract string Describe(ContainerRecord container);
}

/// <summary>Offers the names of running containers.</summary>
public sealed class ContainerCompleter : RunningCompleter
{
    private protected override string? Name(ContainerRecord container) => container.Name ?? container.Id;

    private protected override string Describe(ContainerRecord container) =>
        string.Join(", ", new[] { container.Image, container.Pod is null ? null : $"pod {container.Namespace}/{container.Pod}" }.OfType<string>()) is { Length: > 0 } text ? text : container.Id;
}

/// <summary>Offers the Kubernetes pods with running containers.</summary>
public sealed class PodCompleter : RunningCompleter
{
    private protected override string? Name(ContainerRecord container) => container.Pod;

    private protected override string Describe(ContainerRecord container) => $"namespace {container.Namespace}";
}

/// <summary>Offers the Kubernetes namespaces with running containers.</summary>
public sealed class NamespaceCompleter : RunningCompleter
{
    private protected override string? Name(ContainerRecord container) => container.Namespace;

    private protected override string Describe(ContainerRecord container) => $"Kubernetes namespace {container.Namespace}";
}
