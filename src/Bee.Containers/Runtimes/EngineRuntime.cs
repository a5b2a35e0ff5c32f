using System.Net;
using System.Text.Json;

namespace Bee.Containers.Runtimes;

/// <summary>The containers of Docker or Podman, from the HTTP API on its socket.</summary>
/// <param name="name">The name for messages: <c>docker</c> or <c>podman</c>.</param>
/// <param name="socket">The socket.</param>
internal sealed class EngineRuntime(string name, RuntimeSocket socket) : IContainerRuntime, IDisposable
{
    // Podman's own API also knows pods and process ids. Podman 4 and 5 accept this version; older ones have Docker's API alone.
    private const string Libpod = "v4.0.0/libpod/containers/json?all=true&pod=true&filters=";

    private readonly HttpClient _client = new(socket.Handler()) { BaseAddress = new Uri("http://localhost/"), Timeout = System.Threading.Timeout.InfiniteTimeSpan };

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public uint UserId => socket.User;

    private bool IsPodman => name == "podman";

    /// <inheritdoc/>
    public ContainerRecord? Find(string id, CancellationToken cancellationToken)
    {
        // The id becomes a part of an address.
        if (!ContainerText.IsGenerated(id))
        {
            return null;
        }

        if (IsPodman && List($"{Libpod}{{\"id\":[\"{id}\"]}}", socket.LongestAnswer, cancellationToken) is { } found)
        {
            return found.FirstOrDefault(container => container.Id == id);
        }

        using JsonDocument? answer = Get($"containers/{id}/json", socket.LongestAnswer, cancellationToken);
        return answer is null || answer.RootElement.Text("Id") != id ? null : ParseInspection(id, answer.RootElement) with { UserId = UserId };
    }

    /// <inheritdoc/>
    public IReadOnlyList<ContainerRecord> List(CancellationToken cancellationToken) =>
        (IsPodman ? List($"{Libpod}{{\"status\":[\"running\"]}}", socket.LongestList, cancellationToken) : null) ?? List("containers/json", socket.LongestList, cancellationToken) ?? [];

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    /// <summary>Parses the answer about one container.</summary>
    internal static ContainerRecord ParseInspection(string id, JsonElement container) =>
        DockerNames.Read(id, container.Text("Name"), container.Member("Config")?.Text("Image"), container.Member("Config")?.Member("Labels") ?? default) with
        {
            ProcessId = container.Member("State") is { } state && state.Member("Running") is { ValueKind: JsonValueKind.True } ? state.Number("Pid") : 0,
        };

    /// <summary>Parses a list of containers, in Docker's or in Podman's form.</summary>
    internal static IEnumerable<ContainerRecord> ParseList(JsonElement list)
    {
        if (list.ValueKind != JsonValueKind.Array)
        {
            yield break;
        }

        foreach (JsonElement container in list.EnumerateArray().Take(RuntimeFolder.MostContainers))
        {
            if (container.Text("Id") is not { } id)
            {
                continue;
            }

            // Docker lists the names under which linked containers know it as well: /OTHER/ALIAS.
            string? own = container.Items("Names").Select(one => one.Text()).FirstOrDefault(one => one?.LastIndexOf('/') <= 0);
            ContainerRecord record = DockerNames.Read(id, own, container.Text("Image"), container.Member("Labels") ?? default);
            yield return record with { Pod = record.Pod ?? ContainerText.Name(container.Text("PodName")), ProcessId = container.Number("Pid") };
        }
    }

    private List<ContainerRecord>? List(string address, int limit, CancellationToken cancellationToken)
    {
        using JsonDocument? answer = Get(address, limit, cancellationToken);
        return answer is null ? null : [.. ParseList(answer.RootElement).Select(record => record with { UserId = UserId })];
    }

    /// <summary>Returns an answer; null if the runtime does not answer within the time limit, or if the answer is not JSON.</summary>
    private JsonDocument? Get(string address, int limit, CancellationToken cancellationToken)
    {
        using CancellationTokenSource time = socket.Limit(cancellationToken);
        try
        {
            // The caller has a thread for this.
            return GetAsync(address, limit, time.Token).GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is HttpRequestException or IOException or InvalidDataException)
        {
            return null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task<JsonDocument?> GetAsync(string address, int limit, CancellationToken cancellationToken)
    {
        using HttpResponseMessage answer = await _client.GetAsync(new Uri(address, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        if (answer.StatusCode != HttpStatusCode.OK)
        {
            return null;
        }

        return await LimitedJson.ReadAsync(answer.Content, limit, cancellationToken).ConfigureAwait(false);
    }
}
