using System.Text;
using System.Text.Json;
using Bee.Containers.Runtimes;

namespace Bee.Isolated;

/// <summary>A container in an answer of CRI.</summary>
/// <param name="Id">The id.</param>
/// <param name="PodId">The id of the pod's sandbox.</param>
/// <param name="Name">The name within the pod.</param>
/// <param name="Image">The image as the kubelet passed it: often its id.</param>
/// <param name="RequestedImage">The image as the pod's specification names it; null from a runtime older than 2023.</param>
internal sealed record CriContainer(string Id, string PodId, string? Name, string? Image, string? RequestedImage);

/// <summary>A pod in an answer of CRI.</summary>
/// <param name="Id">The id of its sandbox.</param>
/// <param name="Name">The name.</param>
/// <param name="Namespace">The Kubernetes namespace.</param>
internal sealed record CriPod(string Id, string? Name, string? Namespace);

/// <summary>
/// Encodes and decodes the few messages of CRI that Bee uses (<c>k8s.io/cri-api/pkg/apis/runtime/v1/api.proto</c>).
/// </summary>
internal static class CriMessages
{
    /// <summary>A request for the containers that run: <c>{ filter { state { state: CONTAINER_RUNNING } } }</c>.</summary>
    public static readonly byte[] RunningContainers = Protobuf.Field(1, Protobuf.Field(2, Protobuf.Field(1, 1)));

    /// <summary>A request for the pods that run: <c>{ filter { state { state: SANDBOX_READY } } }</c>. The state is 0, which is the default.</summary>
    public static readonly byte[] ReadyPods = Protobuf.Field(1, Protobuf.Field(2, []));

    /// <summary>A request for a container or pod: <c>{ filter { id } }</c>.</summary>
    /// <param name="id">The id.</param>
    public static byte[] IdFilter(string id) => Protobuf.Field(1, Protobuf.Field(1, id));

    /// <summary>A request for the status of a container or pod: <c>{ id, verbose: true }</c>.</summary>
    /// <param name="id">The id.</param>
    public static byte[] Verbose(string id) => [.. Protobuf.Field(1, id), .. Protobuf.Field(2, 1)];

    /// <summary>Decodes a <c>ListContainersResponse</c>.</summary>
    /// <param name="answer">The message.</param>
    public static IEnumerable<CriContainer> Containers(byte[] answer) => Protobuf.Messages(answer, 1).Select(container => new CriContainer(
        Protobuf.Text(container, 1) ?? "", Protobuf.Text(container, 2) ?? "", Protobuf.Text(Protobuf.Message(container, 3), 1), Protobuf.Text(Protobuf.Message(container, 4), 1), Protobuf.Text(Protobuf.Message(container, 4), 18)));

    /// <summary>Decodes a <c>ListPodSandboxResponse</c>.</summary>
    /// <param name="answer">The message.</param>
    public static IEnumerable<CriPod> Pods(byte[] answer) => Protobuf.Messages(answer, 1).Select(pod => new CriPod(Protobuf.Text(pod, 1) ?? "", Protobuf.Text(Protobuf.Message(pod, 2), 1), Protobuf.Text(Protobuf.Message(pod, 2), 3)));

    /// <summary>Decodes a <c>ContainerStatusResponse</c>.</summary>
    /// <param name="answer">The message.</param>
    /// <returns>The image by its name, as far as the runtime knows it, and the process id.</returns>
    public static (string? Image, int Process) ContainerStatus(byte[] answer) => (Protobuf.Text(Protobuf.Message(Protobuf.Message(answer, 1), 8), 1), Process(answer));

    /// <summary>Returns the process id in the verbose part of a <c>ContainerStatusResponse</c> or <c>PodSandboxStatusResponse</c>: JSON under the key <c>info</c>.</summary>
    /// <param name="answer">The message.</param>
    /// <returns>The id; 0 if the answer does not contain one.</returns>
    public static int Process(byte[] answer)
    {
        foreach (byte[] entry in Protobuf.Messages(answer, 2))
        {
            if (Protobuf.Text(entry, 1) == "info" && Protobuf.Text(entry, 2) is { } info)
            {
                using JsonDocument? document = Json.Parse(Encoding.UTF8.GetBytes(info));
                return document?.RootElement.Number("pid") ?? 0;
            }
        }

        return 0;
    }
}
