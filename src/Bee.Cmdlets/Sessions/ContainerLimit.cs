using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Ebpf;
using Bee.Ebpf.Records;

namespace Bee.Cmdlets.Sessions;

/// <summary>The containers that a tool is limited to: -Container, -Pod and -Namespace. A container must match each of them that is given.</summary>
internal sealed class ContainerLimit
{
    // Runtimes and Bee show ids with 12 characters.
    private const int ShortestId = 12;

    private readonly string[]? _containers, _pods, _namespaces;
    private readonly WildcardPattern[]? _containerPatterns, _podPatterns, _namespacePatterns;

    private ContainerLimit(string[]? containers, string[]? pods, string[]? namespaces)
    {
        (_containers, _pods, _namespaces) = (containers, pods, namespaces);
        (_containerPatterns, _podPatterns, _namespacePatterns) = (Patterns(containers), Patterns(pods), Patterns(namespaces));
    }

    /// <summary>Returns the limit of parameters; null if none is given.</summary>
    public static ContainerLimit? From(string[]? containers, string[]? pods, string[]? namespaces) =>
        containers is null && pods is null && namespaces is null ? null : new ContainerLimit(containers, pods, namespaces);

    /// <summary>Returns the limit that was kept with pins; null for none.</summary>
    public static ContainerLimit? From(PinnedLimit? pinned) => pinned is null ? null : From(pinned.Containers, pinned.Pods, pinned.Namespaces);

    /// <summary>Returns the limit in the form that is kept with pins.</summary>
    public PinnedLimit ForPin() => new(_containers, _pods, _namespaces);

    /// <summary>Returns whether a container is within the limit.</summary>
    /// <param name="names">The names; null for a process of the host, which never is.</param>
    public bool Matches(ContainerNames? names) => names is not null
        && (_containerPatterns is null || IsMatch(_containerPatterns, names.Container) || Array.Exists(_containers!, id => IsIdOf(id, names)))
        && (_podPatterns is null || IsMatch(_podPatterns, names.Pod))
        && (_namespacePatterns is null || IsMatch(_namespacePatterns, names.Namespace));

    /// <summary>Returns the names without wildcards that no container has, each with its parameter.</summary>
    /// <param name="running">The containers that run.</param>
    public IReadOnlyList<string> Missing(IReadOnlyList<ContainerNames> running) =>
    [
        .. Missing("-Container", _containers, name => running.Any(one => IsMatch([NamePattern.Of(name)], one.Container) || IsIdOf(name, one))),
        .. Missing("-Pod", _pods, name => running.Any(one => IsMatch([NamePattern.Of(name)], one.Pod))),
        .. Missing("-Namespace", _namespaces, name => running.Any(one => IsMatch([NamePattern.Of(name)], one.Namespace))),
    ];

    /// <summary>Returns the parameters, as they are typed.</summary>
    public override string ToString() => string.Join(' ', new[] { ("-Container", _containers), ("-Pod", _pods), ("-Namespace", _namespaces) }
        .Where(part => part.Item2 is not null).Select(part => $"{part.Item1} {string.Join(',', part.Item2!)}"));

    private static IEnumerable<string> Missing(string parameter, string[]? names, Func<string, bool> runs) =>
        (names ?? []).Where(name => !WildcardPattern.ContainsWildcardCharacters(name) && !runs(name)).Select(name => $"{parameter} {name}");

    private static WildcardPattern[]? Patterns(string[]? names) => names is null ? null : [.. names.Select(NamePattern.Of)];

    private static bool IsMatch(WildcardPattern[] patterns, string? name) => name is not null && Array.Exists(patterns, pattern => pattern.IsMatch(name));

    private static bool IsIdOf(string text, ContainerNames names) =>
        names.Id.StartsWith(text, StringComparison.OrdinalIgnoreCase) && (text.Length >= ShortestId || text.Length == names.Id.Length);
}
