using System.Text.Json;
using Bee.Containers.Runtimes;
using Grpc.Core;

namespace Bee.Isolated;

/// <summary>
/// The containers of containerd in all of its namespaces but Docker's, from its own API, which knows those of CRI, nerdctl and <c>ctr</c>. Thread-safe.
/// </summary>
/// <param name="socket">The socket.</param>
/// <remarks>The messages are those of <c>api/services</c> and <c>api/types/task</c> in containerd's repository. An answer that is not a valid message is empty.</remarks>
internal sealed class ContainerdRuntime(RuntimeSocket socket) : IContainerRuntime, IDisposable
{
    private const string Containers = "containerd.services.containers.v1.Containers", Tasks = "containerd.services.tasks.v1.Tasks", Namespaces = "containerd.services.namespaces.v1.Namespaces";

    // The header that selects the namespace of a call.
    private const string Namespace = "containerd-namespace";

    private const ulong Created = 1, Running = 2, Paused = 4, Pausing = 5;

    private static readonly Method<byte[], byte[]> s_getContainer = RuntimeClient.Unary(Containers, "Get"), s_listContainers = RuntimeClient.Unary(Containers, "List"),
        s_getTask = RuntimeClient.Unary(Tasks, "Get"), s_listTasks = RuntimeClient.Unary(Tasks, "List"), s_listNamespaces = RuntimeClient.Unary(Namespaces, "List");

    private readonly RuntimeClient _client = new(socket);

    /// <inheritdoc/>
    public string Name => "containerd";

    /// <inheritdoc/>
    public uint UserId => socket.User;

    /// <inheritdoc/>
    public ContainerRecord? Find(string id, CancellationToken cancellationToken)
    {
        ContainerRecord? found = null;
        byte[] request = Protobuf.Field(1, id);
        foreach (string space in Spaces(cancellationToken))
        {
            if (Read(space, Protobuf.Message(Call(s_getContainer, space, request, cancellationToken), 1)) is { } record && record.Id == id)
            {
                // Two namespaces may have a container of this id. That which runs counts.
                int process = Process(Protobuf.Message(Call(s_getTask, space, request, cancellationToken), 1));
                if (process > 0)
                {
                    return record with { ProcessId = process };
                }

                found ??= record;
            }
        }

        return found;
    }

    /// <inheritdoc/>
    public IReadOnlyList<ContainerRecord> List(CancellationToken cancellationToken)
    {
        var found = new List<ContainerRecord>();
        foreach (string space in Spaces(cancellationToken))
        {
            Dictionary<string, int> processes = [];
            foreach (byte[] task in Protobuf.Messages(Call(s_listTasks, space, [], cancellationToken), 1))
            {
                // A list has the id of the container where that of the process belongs.
                processes[Protobuf.Text(task, 1) ?? Protobuf.Text(task, 2) ?? ""] = Process(task);
            }

            foreach (byte[] container in processes.Count == 0 ? [] : Protobuf.Messages(Call(s_listContainers, space, [], cancellationToken), 1))
            {
                if (found.Count < RuntimeFolder.MostContainers && Read(space, container) is { } record && processes.GetValueOrDefault(record.Id) is > 0 and var process)
                {
                    found.Add(record with { ProcessId = process });
                }
            }
        }

        return found;
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    /// <summary>Decodes a <c>containerd.services.containers.v1.Container</c>.</summary>
    /// <param name="space">The namespace of containerd.</param>
    /// <param name="container">The message.</param>
    /// <returns>The container without its process; null if the message has no id.</returns>
    internal ContainerRecord? Read(string space, byte[] container)
    {
        if (Protobuf.Text(container, 1) is not { } id)
        {
            return null;
        }

        using JsonDocument? specification = Json.Parse(Protobuf.Message(Protobuf.Message(container, 5), 2));
        string? label = Protobuf.Messages(container, 2).Where(entry => Protobuf.Text(entry, 1) == TaskFolder.NerdctlName).Select(entry => Protobuf.Text(entry, 2)).LastOrDefault();
        ContainerRecord record = TaskFolder.Describe(space, id, specification?.RootElement ?? default, label);
        return record with { Image = record.Image ?? ContainerText.Image(Protobuf.Text(container, 3)), UserId = UserId };
    }

    private static int Process(byte[] task) => Protobuf.Number(task, 4) is Created or Running or Paused or Pausing && Protobuf.Number(task, 3) is <= int.MaxValue and var process ? (int)process : 0;

    private IEnumerable<string> Spaces(CancellationToken cancellationToken) =>
        Protobuf.Messages(_client.Call(s_listNamespaces, [], null, cancellationToken), 1).Select(space => Protobuf.Text(space, 1)).OfType<string>().Where(space => space != TaskFolder.Docker);

    private byte[] Call(Method<byte[], byte[]> method, string space, byte[] request, CancellationToken cancellationToken) => _client.Call(method, request, new Metadata { { Namespace, space } }, cancellationToken);
}
