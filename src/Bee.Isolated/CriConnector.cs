using Bee.Containers.Runtimes;
using Grpc.Core;
using Grpc.Net.Client;

namespace Bee.Isolated;

/// <summary>Connects to containerd and CRI-O over gRPC.</summary>
public sealed class CriConnector : ICriConnector
{
    /// <inheritdoc/>
    IContainerRuntime ICriConnector.Open(string name, RuntimeSocket socket) => new CriRuntime(name, socket);
}

/// <summary>The containers of a runtime that speaks CRI. Thread-safe.</summary>
/// <param name="name">The name for messages.</param>
/// <param name="socket">The socket.</param>
internal sealed class CriRuntime(string name, RuntimeSocket socket) : IContainerRuntime, IDisposable
{
    private const string Service = "runtime.v1.RuntimeService";

    private static readonly Marshaller<byte[]> s_bytes = Marshallers.Create(bytes => bytes, bytes => bytes);
    private static readonly Method<byte[], byte[]> s_listContainers = Unary("ListContainers"), s_containerStatus = Unary("ContainerStatus"), s_listPods = Unary("ListPodSandbox"), s_podStatus = Unary("PodSandboxStatus");

    private readonly GrpcChannel _channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
    {
        HttpHandler = socket.Handler(),
        DisposeHttpClient = true,
        MaxReceiveMessageSize = socket.LongestList,
        MaxRetryAttempts = 1,
    });

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
    public void Dispose() => _channel.Dispose();

    private static Method<byte[], byte[]> Unary(string method) => new(MethodType.Unary, Service, method, s_bytes, s_bytes);

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

    /// <summary>Calls a method. The answer is empty if the runtime does not answer in time, or refuses the call.</summary>
    private byte[] Call(Method<byte[], byte[]> method, byte[] request, CancellationToken cancellationToken)
    {
        try
        {
            var options = new CallOptions(deadline: DateTime.UtcNow + socket.Timeout, cancellationToken: cancellationToken);
            using AsyncUnaryCall<byte[]> call = _channel.CreateCallInvoker().AsyncUnaryCall(method, null, options, request);
            return call.ResponseAsync.GetAwaiter().GetResult();
        }
        catch (RpcException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (Exception e) when (e is RpcException or IOException or HttpRequestException)
        {
            return [];
        }
    }
}
