using Bee.Posix;

namespace Bee.Containers.Runtimes;

/// <summary>A place where a runtime is asked for its containers.</summary>
/// <param name="Kind">The runtime: <c>containerd</c>, <c>crio</c>, <c>docker</c>, <c>podman</c>, <c>runc</c>, <c>crun</c> or <c>nspawn</c>.</param>
/// <param name="Path">The absolute path of a socket or a folder.</param>
/// <param name="User">The owner: 0 for root.</param>
internal sealed record RuntimeEndpoint(string Kind, string Path, uint User = 0)
{
    private static readonly string[] s_kinds = ["containerd", "crio", "docker", "podman", "runc", "crun", "nspawn"];

    /// <summary>Whether the user chose the endpoint.</summary>
    public bool IsChosen { get; init; }

    /// <summary>Whether a client connects to the path. Otherwise, it is a folder.</summary>
    public bool IsSocket => Path.EndsWith(".sock", StringComparison.Ordinal) || (IsChosen && Status(Path) is { IsSocket: true });

    /// <summary>Selects the endpoints whose socket or folder exists. One in a file system that hangs counts.</summary>
    public static IEnumerable<RuntimeEndpoint> Existing(IReadOnlyList<RuntimeEndpoint> endpoints)
    {
        // The other runtimes keep their sockets and states in /run, which does not hang.
        RuntimeEndpoint[] stored = [.. endpoints.Where(endpoint => endpoint is { Kind: "podman" or "docker", IsSocket: false })];
        IReadOnlyList<bool> exist = BoundedRead.RunAll([.. stored.Select(endpoint => (endpoint.Path, (Func<bool>)(() => endpoint.Exists)))], otherwise: true);
        HashSet<RuntimeEndpoint> found = [.. stored.Where((_, index) => exist[index])];
        return endpoints.Where(endpoint => stored.Contains(endpoint) ? found.Contains(endpoint) : endpoint.Exists);
    }

    private bool Exists => FileStatus.Of(Path) is { } status && (status.IsSocket || (status.IsFolder && !IsSocket));

    /// <summary>Parses a list of endpoints.</summary>
    /// <param name="text">Comma-separated endpoints of the form <c>KIND:PATH</c>.</param>
    /// <exception cref="ContainerRuntimeException">An endpoint is not valid.</exception>
    public static IReadOnlyList<RuntimeEndpoint> ParseList(string text) => [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(Parse)];

    private static RuntimeEndpoint Parse(string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string kind = colon < 0 ? text : text[..colon], path = colon < 0 ? "" : text[(colon + 1)..];
        string shown = ContainerText.Name(text) ?? "";
        if (!s_kinds.Contains(kind))
        {
            throw new ContainerRuntimeException($"'{shown}' in {RuntimeDetection.Variable} does not begin with a known runtime. The runtimes are {string.Join(", ", s_kinds)}.");
        }

        if (path is not ['/', ..] || path.Contains('\0', StringComparison.Ordinal))
        {
            throw new ContainerRuntimeException($"'{shown}' in {RuntimeDetection.Variable} has no absolute path after '{kind}:'.");
        }

        // A trailing slash would hide the last part of the path.
        return new RuntimeEndpoint(kind, path.Length > 1 ? path.TrimEnd('/') : path, OwnerOf(path)) { IsChosen = true };
    }

    // The owner of a runtime is that of its socket or folder.
    private static uint OwnerOf(string path) => OperatingSystem.IsLinux() && Status(path) is { } status ? status.User : 0;

    private static FileStatus? Status(string path) => BoundedRead.Run(path, () => FileStatus.Of(path), null);
}
