using Bee.Containers;
using Bee.Containers.Kubernetes;
using Bee.Containers.Runtimes;
using Bee.Posix;
using Bee.Toolchain.Isolation;

namespace Bee.Cmdlets.Sessions;

/// <summary>The containers of this host, for the tools of one command. They are read on another thread, while tools are compiled and loaded.</summary>
internal sealed class HostContainers : IDisposable
{
    private readonly Task<ContainerLease?> _opening = Task.Run(SharedContainers.Take);

    private HostContainers(KubernetesAccess? kubernetes) => Kubernetes = kubernetes;

    /// <summary>The Kubernetes API that returns the owners and labels of pods; null if they are not requested.</summary>
    public KubernetesAccess? Kubernetes { get; }

    /// <summary>Begins to read the containers. Waits only for the Kubernetes API, at most a few seconds.</summary>
    /// <param name="podMetadata">Whether the owners and labels of pods are requested.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="KubernetesException">The Kubernetes API is requested and cannot be used.</exception>
    public static HostContainers Open(bool podMetadata, CancellationToken cancellationToken)
    {
        KubernetesAccess? kubernetes = podMetadata ? SharedContainers.FindKubernetes() : null;
        if (kubernetes is not null)
        {
            using var pods = new KubernetesPods(kubernetes);
            pods.Check(cancellationToken);
        }

        return new HostContainers(kubernetes);
    }

    /// <summary>Returns the containers that the runtimes list now. Loads nothing into the kernel.</summary>
    /// <param name="cancellationToken">Ends the list: runtimes that have not answered are left out.</param>
    public static IReadOnlyList<ContainerRecord> Running(CancellationToken cancellationToken)
    {
        RuntimeDetection detected = SharedContainers.Detect();
        var found = new List<ContainerRecord>();
        try
        {
            foreach (IContainerRuntime runtime in detected.Runtimes)
            {
                found.AddRange(runtime.List(cancellationToken));
            }
        }
        catch (OperationCanceledException)
        {
            // The runtimes that have answered count.
        }
        finally
        {
            detected.Close();
        }

        return found;
    }

    /// <summary>Waits until the containers have been read.</summary>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>A lease that the caller disposes; null if the host has no container runtime.</returns>
    /// <exception cref="BeeException">The containers cannot be read.</exception>
    public ContainerLease? Take(CancellationToken cancellationToken)
    {
        try
        {
            _opening.Wait(cancellationToken);
        }
        catch (AggregateException error) when (error.InnerException is BeeException inner)
        {
            throw inner;
        }

        return _opening.Result is null ? null : SharedContainers.Take();
    }

    /// <inheritdoc/>
    public void Dispose() => _opening.ContinueWith(
        static opening => (opening.IsCompletedSuccessfully ? opening.Result : null)?.Dispose(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}

/// <summary>A use of the containers that all sessions of this process share.</summary>
/// <param name="directory">The containers.</param>
/// <param name="detected">The runtimes that know them.</param>
/// <param name="release">Ends the use.</param>
internal sealed class ContainerLease(ContainerDirectory directory, RuntimeDetection detected, Action release) : IDisposable
{
    private Action? _release = release;

    /// <summary>The containers.</summary>
    public ContainerDirectory Directory { get; } = directory;

    /// <summary>The names of the runtimes that know them.</summary>
    public IReadOnlyList<string> Runtimes { get; } = [.. detected.Runtimes.Select(runtime => runtime.Name).Distinct()];

    /// <summary>Whether one of them knows pods.</summary>
    public bool HasPods { get; } = detected.HasKubernetes;

    /// <inheritdoc/>
    public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();
}

/// <summary>The one directory of containers that the sessions of this process use. It is closed, on another thread, after the last of them. Thread-safe.</summary>
internal static class SharedContainers
{
    private static readonly object s_gate = new();
    private static Shared? s_current;

    /// <summary>Finds the runtimes of this host.</summary>
    /// <exception cref="BeeException">The environment variable that names them is invalid.</exception>
    public static RuntimeDetection Detect() => RuntimeDetection.Find(Environment.GetEnvironmentVariable, Isolated.Create<IRuntimeConnector>);

    /// <summary>Finds the access of this process to the Kubernetes API.</summary>
    /// <exception cref="KubernetesException">The process has neither a service account nor a usable kubeconfig file.</exception>
    public static KubernetesAccess FindKubernetes() => KubernetesAccess.Find(Environment.GetEnvironmentVariable, UserFolders.Home, Isolated.Create<IKubeconfigReader>);

    /// <summary>Opens the directory, or uses the open one.</summary>
    /// <returns>A lease; null if the host has no container runtime.</returns>
    /// <exception cref="BeeException">The environment variable that names the runtimes is invalid.</exception>
    public static ContainerLease? Take()
    {
        string? setting = Environment.GetEnvironmentVariable(RuntimeDetection.Variable);
        lock (s_gate)
        {
            if (s_current?.Setting != setting || s_current is null)
            {
                RuntimeDetection detected = Detect();
                if (ContainerDirectory.Open(detected.Runtimes) is not { } directory)
                {
                    return null;
                }

                // Sessions that use the former one keep it.
                s_current = new Shared(setting, directory, detected);
            }

            Shared shared = s_current;
            shared.Users++;
            return new ContainerLease(shared.Directory, shared.Detected, () => Release(shared));
        }
    }

    private static void Release(Shared shared)
    {
        lock (s_gate)
        {
            if (--shared.Users > 0)
            {
                return;
            }

            s_current = s_current == shared ? null : s_current;
        }

        // Detaching the recorder takes longer than a caller expects of the end of a session.
        Task.Run(() =>
        {
            shared.Directory.Dispose();
            shared.Detected.Close();
        });
    }

    private sealed class Shared(string? setting, ContainerDirectory directory, RuntimeDetection detected)
    {
        public string? Setting { get; } = setting;

        public ContainerDirectory Directory { get; } = directory;

        public RuntimeDetection Detected { get; } = detected;

        public int Users { get; set; }
    }
}
