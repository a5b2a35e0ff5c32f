namespace Bee.Oci.Registry.Transport;

/// <summary>
/// What a request needs the right to: the scopes of the distribution project's token authentication,
/// <c>repository:me/opensnoop:pull,push</c>. A token is asked for with these and no more.
/// </summary>
internal sealed class RegistryScope
{
    private readonly string[] _parts;

    private RegistryScope(params string[] parts) => _parts = parts;

    /// <summary>No right at all: asking whether there is a registry, and logging in.</summary>
    public static RegistryScope None { get; } = new();

    /// <summary>The list of repositories.</summary>
    public static RegistryScope Catalog { get; } = new("registry:catalog:*");

    /// <summary>Reading from a repository.</summary>
    /// <param name="repository">Its name without the registry.</param>
    public static RegistryScope Pull(string repository) => new(One(repository, "pull"));

    /// <summary>Writing to a repository, which asks about what is there, too.</summary>
    /// <param name="repository">Its name without the registry.</param>
    public static RegistryScope Push(string repository) => new(One(repository, "pull,push"));

    /// <summary>Deleting from a repository.</summary>
    /// <param name="repository">Its name without the registry.</param>
    public static RegistryScope Delete(string repository) => new(One(repository, "delete,pull"));

    /// <summary>Writing to a repository what another one of the same registry has.</summary>
    /// <param name="repository">The one that is written to.</param>
    /// <param name="from">The one that is read from.</param>
    public static RegistryScope Mount(string repository, string from) => new(One(repository, "pull,push"), One(from, "pull"));

    /// <summary>The scopes one by one, as token services take them.</summary>
    public IReadOnlyList<string> Parts => _parts;

    /// <summary>The same text for the same rights.</summary>
    public override string ToString() => string.Join(' ', _parts);

    private static string One(string repository, string actions) => $"repository:{repository}:{actions}";
}
