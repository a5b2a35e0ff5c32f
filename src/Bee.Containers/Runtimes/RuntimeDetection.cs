using System.Globalization;
using Bee.Posix;

namespace Bee.Containers.Runtimes;

/// <summary>The container runtimes of a host.</summary>
/// <param name="Runtimes">The runtimes: files first, which need no service and know a container before it starts, then sockets, which know the most.</param>
/// <param name="HasKubernetes">Whether a runtime with pods (CRI) is there.</param>
internal sealed record RuntimeDetection(IReadOnlyList<IContainerRuntime> Runtimes, bool HasKubernetes)
{
    /// <summary>The environment variable whose value replaces the detection.</summary>
    public const string Variable = "BEE_CONTAINER_RUNTIME";

    private const string Tasks = "io.containerd.runtime.v2.task", Storage = "var/lib/containers/storage", OwnStorage = ".local/share/containers/storage";

    private static readonly string[] s_oci = ["runc", "crun"];

    // The states of containerd in distributions of Kubernetes.
    private static readonly string[] s_containerd = ["run/containerd", "run/k3s/containerd", "run/k0s/containerd", "var/snap/microk8s/common/run/containerd"];

    /// <summary>Finds the runtimes. Looks only whether their sockets and folders exist.</summary>
    /// <param name="environment">Returns the value of an environment variable; null if it is not set.</param>
    /// <param name="connector">Creates the client for gRPC, which is only needed where containerd or CRI-O has a socket; null to do without.</param>
    /// <exception cref="ContainerRuntimeException">The value of <see cref="Variable"/> is not valid.</exception>
    public static RuntimeDetection Find(Func<string, string?> environment, Func<IRuntimeConnector>? connector = null) => Find(environment, connector, "/");

    /// <summary>Closes the connections to the runtimes. Requests that still run fail.</summary>
    public void Close()
    {
        foreach (IDisposable runtime in Runtimes.OfType<IDisposable>())
        {
            runtime.Dispose();
        }
    }

    /// <summary>Finds the runtimes below another root.</summary>
    internal static RuntimeDetection Find(Func<string, string?> environment, Func<IRuntimeConnector>? connector, string root)
    {
        string? setting = environment(Variable)?.Trim();
        return setting == "none" || !OperatingSystem.IsLinux() ? new RuntimeDetection([], false)
            : string.IsNullOrEmpty(setting) ? Open([.. OnHost(root)], connector)
            : Open(RuntimeEndpoint.ParseList(setting), connector);
    }

    private static RuntimeDetection Open(IReadOnlyList<RuntimeEndpoint> endpoints, Func<IRuntimeConnector>? connector)
    {
        ILookup<uint, OciRuntime> states = endpoints.Where(endpoint => endpoint.Kind is "runc" or "crun")
            .ToLookup(endpoint => endpoint.User, endpoint => new OciRuntime(endpoint.Kind, new RuntimeFolder(endpoint.Path, endpoint.User)));
        var client = new Lazy<IRuntimeConnector?>(() => connector?.Invoke());
        var found = new List<(int Rank, IContainerRuntime? Runtime)>();
        bool hasKubernetes = false;
        foreach (RuntimeEndpoint endpoint in endpoints)
        {
            var folder = new RuntimeFolder(endpoint.Path, endpoint.User);
            var socket = new RuntimeSocket(endpoint.Path, endpoint.User);
            hasKubernetes |= endpoint.Kind == "crio" || (endpoint.Kind == "containerd" && (endpoint.IsSocket ? endpoint.IsChosen : Directory.Exists(Path.Combine(endpoint.Path, TaskFolder.Kubernetes))));
            found.Add(endpoint.Kind switch
            {
                "podman" or "docker" when endpoint.IsSocket => (5, new EngineRuntime(endpoint.Kind, socket)),
                "containerd" or "crio" when endpoint.IsSocket => (5, client.Value?.Open(endpoint.Kind, socket)),
                "podman" or "crio" => (0, new StorageRuntime(new StorageFolder(folder), [.. states[endpoint.User], .. UsualStates(endpoint.User)], endpoint.User)),
                "docker" => (1, new DockerFolder(folder)),
                "containerd" => (2, new TaskFolder(folder)),
                "nspawn" => (3, new MachineFolder(folder)),
                _ => (4, null),
            });
        }

        found.AddRange(states.SelectMany(user => user).Select(runtime => (4, (IContainerRuntime?)runtime)));
        return new RuntimeDetection([.. found.OrderBy(one => one.Rank).Select(one => one.Runtime).OfType<IContainerRuntime>()], hasKubernetes);
    }

    // Where Podman and CRI-O keep the states of their containers. These folders need not be endpoints themselves.
    private static IEnumerable<OciRuntime> UsualStates(uint user)
    {
        string run = user == 0 ? "/run" : string.Create(CultureInfo.InvariantCulture, $"/run/user/{user}");
        return s_oci.Select(name => new OciRuntime(name, new RuntimeFolder($"{run}/{name}", user)));
    }

    private static IEnumerable<RuntimeEndpoint> OnHost(string root)
    {
        IEnumerable<RuntimeEndpoint> all =
        [
            new("podman", Storage), new("docker", "var/lib/docker"), new("docker", "run/docker.sock"), new("podman", "run/podman/podman.sock"), new("crio", "run/crio/crio.sock"),
            .. s_containerd.Select(state => new RuntimeEndpoint("containerd", $"{state}/containerd.sock")), new("containerd", "run/k0s/containerd.sock"), new("containerd", "var/snap/microk8s/common/run/containerd.sock"),
            .. s_containerd.Select(state => new RuntimeEndpoint("containerd", $"{state}/{Tasks}")), new("nspawn", "run/systemd/machines"),
            new("runc", "run/runc"), new("crun", "run/crun"), new("runc", "run/docker/runtime-runc/moby"),
            .. s_containerd.SelectMany(state => Below(root, $"{state}/runc").Select(space => new RuntimeEndpoint("runc", space))),
            .. Below(root, "run/user").SelectMany(folder => OfUser(root, folder)),
        ];
        return RuntimeEndpoint.Existing([.. all.Select(endpoint => endpoint with { Path = Path.Combine(root, endpoint.Path) })]);
    }

    // The rootless runtimes of a user who is logged in, or whose services linger.
    private static IEnumerable<RuntimeEndpoint> OfUser(string root, string folder)
    {
        if (!uint.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out uint user) || user == 0)
        {
            yield break;
        }

        if (UserAccount.Find(user)?.Home is { } home)
        {
            yield return new RuntimeEndpoint("podman", Path.Combine(root, home.TrimStart('/'), OwnStorage), user);
        }

        yield return new RuntimeEndpoint("podman", $"{folder}/podman/podman.sock", user);
        yield return new RuntimeEndpoint("docker", $"{folder}/docker.sock", user);
        yield return new RuntimeEndpoint("runc", $"{folder}/runc", user);
        yield return new RuntimeEndpoint("crun", $"{folder}/crun", user);
    }

    private static IEnumerable<string> Below(string root, string folder) => new RuntimeFolder(Path.Combine(root, folder), 0).Names().Select(name => $"{folder}/{name}");
}
