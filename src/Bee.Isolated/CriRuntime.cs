using Bee.Containers.Runtimes;
using Grpc.Core;

namespace Bee.Isolated;

/// <summary>The containers of a runtime that speaks CRI. Thread-safe.</summary>
/// <param name="name">The name for messages.</param>
/// <param name="socket">The socket.</param>
internal sealed class CriRuntime(string name, RuntimeSocket socket) : IContainerRuntime, IDisposable
{
    private const string Service = "runtime.v1.RuntimeService";

    private static readonly Method<byte[], byte[]> s_listContainers = RuntimeClient.Unary(Service, "ListContainers"), s_containerStatus = RuntimeClient.Unary(Service, "ContainerStatus"),
        s_listPods = RuntimeClient.Unary(Service, "ListPodSandbox"), s_podStatus = RuntimeClient.Unary(Service, "PodSandboxStatus");

    private readonly RuntimeClient _client = new(socket);

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public uint UserId => socket.User;

    /// <inheritdoc/>
    public ContainerRecord? Find(string id, CancellationToken cancellationToken)
    {
        CriContainer? container = CriMessages.Containers(Call(s_listContainers, CriMessages.IdFilter(id), cancellationToken)).FirstOrDefault(one => one.Id == id);
        CriPod? pod = CriMessages.Pods(Call(s_listPods, CriMessages.IdFilter(container?.PodId ?? id), cancellationToken)).FirstOrDefault(one => one.Id == (container?.PodId ?? id));
        if (container is not null)
        {
            (string? image, int process) = CriMessages.ContainerStatus(Call(s_containerStatus, CriMessages.Verbose(id), cancellationToken));
            return Record(container, pod) with { Image = ContainerText.Image(container.RequestedImage ?? image ?? container.Image), ProcessId = process };
        }

        return pod is null ? null : Record(pod) with { ProcessId = CriMessages.Process(Call(s_podStatus, CriMessages.Verbose(id), cancellationToken)) };
    }

    /// <inheritdoc/>
    public IReadOnlyList<ContainerRecord> List(CancellationToken cancellationToken)
    {
        Dictionary<string, CriPod> pods = [];
        foreach (CriPod pod in CriMessages.Pods(Call(s_listPods, CriMessages.ReadyPods, cancellationToken)))
        {
            pods[pod.Id] = pod;
        }

        return
        [
            .. CriMessages.Containers(Call(s_listContainers, CriMessages.RunningContainers, cancellationToken)).Take(RuntimeFolder.MostContainers)
                .Select(container => Record(container, pods.GetValueOrDefault(container.PodId))),
            .. pods.Values.Select(Record),
        ];
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private ContainerRecord Record(CriContainer container, CriPod? pod) => new()
    {
        Id = container.Id,
        Name = ContainerText.Name(container.Name),
        Image = ContainerText.Image(container.RequestedImage ?? container.Image),
        Pod = ContainerText.Name(pod?.Name),
        Namespace = ContainerText.Name(pod?.Namespace),
        UserId = UserId,
    };

    private ContainerRecord Record(CriPod pod) => new() { Id = pod.Id, Name = KubernetesNames.Sandbox, Pod = ContainerText.Name(pod.Name), Namespace = ContainerText.Name(pod.Namespace), UserId = UserId };

    private byte[] Call(Method<byte[], byte[]> method, byte[] request, CancellationToken cancellationToken) => _client.Call(method, request, null, cancellationToken);
}
