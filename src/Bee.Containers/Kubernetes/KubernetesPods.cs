using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Bee.Containers.Runtimes;

namespace Bee.Containers.Kubernetes;

/// <summary>What the Kubernetes API knows of a pod.</summary>
/// <param name="Owner">The workload that owns it, such as <c>Deployment/web</c>; null for a pod of its own.</param>
/// <param name="Labels">The labels.</param>
/// <param name="Node">The name of its node; null while it has none.</param>
internal sealed record KubernetesPod(string? Owner, IReadOnlyDictionary<string, string> Labels, string? Node);

/// <summary>Asks the Kubernetes API for owners and labels of pods. Asks once for a pod and remembers the answer. Thread-safe.</summary>
/// <param name="access">The API server and the credentials.</param>
/// <remarks>The service account needs the right to <c>get</c> pods, and replicasets and jobs for the names of their deployments and cron jobs.</remarks>
internal sealed class KubernetesPods(KubernetesAccess access) : IDisposable
{
    private const int MostRemembered = 4096, MostLabels = 128, LongestAnswer = 4 << 20;

    private static readonly TimeSpan s_retry = TimeSpan.FromSeconds(30);

    private readonly HttpClient _client = new(access.Handler()) { Timeout = Timeout.InfiniteTimeSpan };
    private readonly Dictionary<(string Kind, string Space, string Name), (object? Answer, long Asked)> _remembered = [];
    private readonly object _gate = new();
    private HttpStatusCode? _status;

    /// <summary>The longest wait for an answer.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Why the last question was not answered; null if it was.</summary>
    public string? Fault { get; private set; }

    /// <summary>Returns what the API knows of a pod. Waits at most a few seconds.</summary>
    /// <param name="space">The Kubernetes namespace.</param>
    /// <param name="name">The name of the pod.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The pod; null if it does not exist, or if the API does not answer (<see cref="Fault"/>).</returns>
    public KubernetesPod? Find(string space, string name, CancellationToken cancellationToken) => Remember(("pod", space, name), () =>
    {
        using JsonDocument? answer = Get($"api/v1/namespaces/{Part(space)}/pods/{Part(name)}", cancellationToken);
        return answer is null ? null : Parse(answer.RootElement, space, cancellationToken);
    });

    /// <summary>Checks that the API answers. Waits at most a few seconds.</summary>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="KubernetesException">It does not answer, or it does not accept the credentials.</exception>
    public void Check(CancellationToken cancellationToken)
    {
        // An account that may not read the version may still read pods.
        using JsonDocument? answer = Get("version", cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        if (Fault is { } fault && _status != HttpStatusCode.Forbidden)
        {
            throw new KubernetesException($"The Kubernetes API cannot be used: {fault}", "Check the server and the credentials of the kubeconfig file or the service account.");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private KubernetesPod Parse(JsonElement pod, string space, CancellationToken cancellationToken)
    {
        var labels = new Dictionary<string, string>();
        if (pod.Member("metadata")?.Member("labels") is { ValueKind: JsonValueKind.Object } found)
        {
            foreach (JsonProperty label in found.EnumerateObject().Take(MostLabels))
            {
                labels[ContainerText.Name(label.Name) ?? ""] = ContainerText.Name(label.Value.Text()) ?? "";
            }
        }

        return new KubernetesPod(Owner(pod, space, cancellationToken), labels, ContainerText.Name(pod.Member("spec")?.Text("nodeName")));
    }

    // A deployment owns a replica set, which owns the pod; likewise cron job and job.
    private string? Owner(JsonElement pod, string space, CancellationToken cancellationToken)
    {
        if (Controller(pod) is not { } owner)
        {
            return null;
        }

        string? address = owner.Kind switch { "ReplicaSet" => "apis/apps/v1", "Job" => "apis/batch/v1", _ => null };
        string? above = address is null ? null : Remember((owner.Kind, space, owner.Name), () =>
        {
            using JsonDocument? answer = Get($"{address}/namespaces/{Part(space)}/{(owner.Kind == "Job" ? "jobs" : "replicasets")}/{Part(owner.Name)}", cancellationToken);
            return answer is not null && Controller(answer.RootElement) is { } next ? $"{next.Kind}/{next.Name}" : null;
        });
        return ContainerText.Name(above ?? $"{owner.Kind}/{owner.Name}", ContainerText.LongestImage);
    }

    private static (string Kind, string Name)? Controller(JsonElement child)
    {
        foreach (JsonElement owner in child.Member("metadata")?.Items("ownerReferences") ?? [])
        {
            if (owner.Member("controller") is { ValueKind: JsonValueKind.True } && owner.Text("kind") is { } kind && owner.Text("name") is { } name)
            {
                return (kind, name);
            }
        }

        return null;
    }

    private T? Remember<T>((string Kind, string Space, string Name) key, Func<T?> ask) where T : class
    {
        lock (_gate)
        {
            if (_remembered.TryGetValue(key, out (object? Answer, long Asked) known) && (known.Answer is not null || Environment.TickCount64 - known.Asked < s_retry.TotalMilliseconds))
            {
                return (T?)known.Answer;
            }
        }

        T? answer = ask();
        lock (_gate)
        {
            if (_remembered.Count >= MostRemembered)
            {
                _remembered.Clear();
            }

            _remembered[key] = (answer, Environment.TickCount64);
        }

        return answer;
    }

    private static string Part(string name) => Uri.EscapeDataString(name);

    private JsonDocument? Get(string path, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            return GetAsync(path, limit.Token).GetAwaiter().GetResult();
        }
        catch (KubernetesException e)
        {
            Fault = e.Message;
            return null;
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            Fault = $"'{access.Server}' does not answer: {e.InnerException?.Message ?? e.Message}";
            return null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Fault = $"'{access.Server}' does not answer within {Limit.TotalSeconds} s.";
            return null;
        }
    }

    private async Task<JsonDocument?> GetAsync(string path, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"{access.Server.AbsoluteUri.TrimEnd('/')}/{path}"));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (access.Token is { } token)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        using HttpResponseMessage answer = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        _status = answer.StatusCode;
        Fault = answer.StatusCode switch
        {
            HttpStatusCode.OK or HttpStatusCode.NotFound => null,
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => $"'{access.Server}' refuses to show '{path}' to this account (status {(int)answer.StatusCode}).",
            _ => $"'{access.Server}' answers with status {(int)answer.StatusCode}.",
        };
        if (answer.StatusCode != HttpStatusCode.OK)
        {
            return null;
        }

        return await LimitedJson.ReadAsync(answer.Content, LongestAnswer, cancellationToken).ConfigureAwait(false);
    }
}
