using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Bee.Registries;

/// <summary>Serves all requests of a registry from memory, except uploads.</summary>
internal sealed class MemoryRegistry
{
    private const string Index = "application/vnd.oci.image.index.v1+json";

    private readonly ConcurrentDictionary<string, MemoryRepository> _repositories = new();
    private readonly FaultyRegistryOptions _options;
    private readonly MemoryUploads _uploads;

    public MemoryRegistry(FaultyRegistryOptions options) => (_options, _uploads) = (options, new MemoryUploads(options, Repository));

    public MemoryRepository Repository(string name) => _repositories.GetOrAdd(name, _ => new MemoryRepository());

    /// <summary>Returns an error in the specification's format.</summary>
    public static HttpAnswer Error(int status, string code, string message) => HttpAnswer.Json(status,
        new JsonObject { ["errors"] = new JsonArray(new JsonObject { ["code"] = code, ["message"] = message, ["detail"] = null }) }.ToJsonString());

    public async Task<HttpAnswer> ServeAsync(HttpExchange exchange, RegistryRoute route)
    {
        if (route.Stage is Stage.Ping)
        {
            return HttpAnswer.Json(200, "{}");
        }

        if (route.Stage is Stage.Catalog)
        {
            return Page(exchange, "repositories", _repositories.Where(pair => !pair.Value.Manifests.IsEmpty).Select(pair => pair.Key), new JsonObject());
        }

        if (route.Stage is Stage.Other)
        {
            return Error(404, "UNSUPPORTED", "there is no such address");
        }

        MemoryRepository repository = Repository(route.Repository);
        return route.Stage switch
        {
            Stage.HeadManifest or Stage.GetManifest => Manifest(repository, route.Reference),
            Stage.PutManifest => Put(repository, route, await exchange.ReadBodyAsync(), exchange.Header("Content-Type") ?? ""),
            Stage.DeleteManifest => Delete(repository, route.Reference),
            Stage.HeadBlob or Stage.GetBlob => Blob(repository, route.Reference, exchange.Header("Range")),
            Stage.Tags => repository.Tags.IsEmpty && repository.Manifests.IsEmpty
                ? Error(404, "NAME_UNKNOWN", "repository name not known to registry")
                : Page(exchange, "tags", repository.Tags.Keys, new JsonObject { ["name"] = route.Repository }),
            Stage.Referrers => _options.ReferrersApi ? Referrers(exchange, repository, route.Reference) : new HttpAnswer(404),
            _ => await _uploads.ServeAsync(exchange, route),
        };
    }

    private static HttpAnswer Manifest(MemoryRepository repository, string reference) => repository.Resolve(reference) is { } digest
        ? new HttpAnswer(200)
        {
            Headers = { ["Content-Type"] = repository.Manifests[digest].MediaType, ["Docker-Content-Digest"] = digest },
            Body = repository.Manifests[digest].Bytes,
        }.With("Content-Length", $"{repository.Manifests[digest].Bytes.Length}")
        : Error(404, "MANIFEST_UNKNOWN", "manifest unknown");

    private HttpAnswer Blob(MemoryRepository repository, string digest, string? range)
    {
        if (!repository.Blobs.TryGetValue(digest, out byte[]? bytes))
        {
            return Error(404, "BLOB_UNKNOWN", "blob unknown to registry");
        }

        var answer = new HttpAnswer(200) { Headers = { ["Content-Type"] = "application/octet-stream", ["Docker-Content-Digest"] = digest }, Body = bytes };
        if (_options.Ranges && range is not null && range.StartsWith("bytes=", StringComparison.Ordinal))
        {
            string[] ends = range["bytes=".Length..].Split('-');
            int from = int.Parse(ends[0]), to = ends[1].Length > 0 ? Math.Min(int.Parse(ends[1]), bytes.Length - 1) : bytes.Length - 1;
            if (from > to)
            {
                return new HttpAnswer(416) { Headers = { ["Content-Range"] = $"bytes */{bytes.Length}" } };
            }

            answer = (answer with { Status = 206, Body = bytes[from..(to + 1)] }).With("Content-Range", $"bytes {from}-{to}/{bytes.Length}");
        }

        return answer.With("Content-Length", $"{answer.Body.Length}").With("Accept-Ranges", _options.Ranges ? "bytes" : null);
    }

    private HttpAnswer Put(MemoryRepository repository, RegistryRoute route, byte[] bytes, string mediaType)
    {
        JsonObject manifest;
        try
        {
            manifest = JsonNode.Parse(bytes)!.AsObject();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return Error(400, "MANIFEST_INVALID", "the manifest is no JSON object");
        }

        string digest = MemoryRepository.Digest(bytes);
        if (route.Reference.Contains(':') && route.Reference != digest)
        {
            return Error(400, "DIGEST_INVALID", "provided digest did not match uploaded content");
        }

        IEnumerable<JsonNode?> parts = manifest["layers"] is JsonArray layers ? layers.Append(manifest["config"]) : [];
        if (parts.FirstOrDefault(part => part is not null && !repository.Blobs.ContainsKey(Digest(part))) is { } missing)
        {
            return Error(404, "MANIFEST_BLOB_UNKNOWN", $"blob unknown to registry: {Digest(missing)}");
        }

        if ((manifest["manifests"] as JsonArray)?.FirstOrDefault(entry => !repository.Manifests.ContainsKey(Digest(entry!))) is { } absent && !route.Reference.StartsWith("sha256-", StringComparison.Ordinal))
        {
            return Error(404, "MANIFEST_UNKNOWN", $"manifest unknown: {Digest(absent)}");
        }

        repository.AddManifest(bytes, mediaType, route.Reference.Contains(':') ? null : route.Reference);
        return new HttpAnswer(201) { Headers = { ["Location"] = $"/v2/{route.Repository}/manifests/{digest}", ["Docker-Content-Digest"] = digest } }
            .With("OCI-Subject", _options.ReferrersApi && manifest["subject"] is { } subject ? Digest(subject) : null);
    }

    private HttpAnswer Delete(MemoryRepository repository, string reference)
    {
        if (!reference.Contains(':'))
        {
            return !_options.TagDeletion ? Error(405, "UNSUPPORTED", "tags are not deleted here")
                : repository.Tags.TryRemove(reference, out _) ? new HttpAnswer(202) : Error(404, "MANIFEST_UNKNOWN", "manifest unknown");
        }

        foreach (string tag in repository.Tags.Where(pair => pair.Value == reference).Select(pair => pair.Key).ToArray())
        {
            repository.Tags.TryRemove(tag, out _);
        }

        return repository.Manifests.TryRemove(reference, out _) ? new HttpAnswer(202) : Error(404, "MANIFEST_UNKNOWN", "manifest unknown");
    }

    private HttpAnswer Referrers(HttpExchange exchange, MemoryRepository repository, string digest)
    {
        string? wanted = exchange.Query.GetValueOrDefault("artifactType");
        var entries = new List<JsonNode>();
        foreach ((string own, (string mediaType, byte[] bytes)) in repository.Manifests.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            JsonObject manifest = JsonNode.Parse(bytes)!.AsObject();
            string? type = (manifest["artifactType"] ?? manifest["config"]?["mediaType"])?.GetValue<string>();
            if (manifest["subject"] is { } subject && Digest(subject) == digest && (wanted is null || wanted == type))
            {
                entries.Add(new JsonObject
                {
                    ["mediaType"] = mediaType,
                    ["digest"] = own,
                    ["size"] = bytes.Length,
                    ["artifactType"] = type,
                    ["annotations"] = manifest["annotations"]?.DeepClone(),
                });
            }
        }

        int from = int.Parse(exchange.Query.GetValueOrDefault("from") ?? "0");
        JsonNode[] page = [.. entries.Skip(from).Take(_options.PageSize > 0 ? _options.PageSize : int.MaxValue)];
        var index = new JsonObject { ["schemaVersion"] = 2, ["mediaType"] = Index, ["manifests"] = new JsonArray(page) };
        return HttpAnswer.Json(200, index.ToJsonString(), Index)
            .With("OCI-Filters-Applied", wanted is null ? null : "artifactType")
            .With("Link", from + page.Length < entries.Count ? $"<{exchange.Path}?from={from + page.Length}>; rel=\"next\"" : null);
    }

    private HttpAnswer Page(HttpExchange exchange, string name, IEnumerable<string> all, JsonObject answer)
    {
        string? last = exchange.Query.GetValueOrDefault("last");
        int size = exchange.Query.TryGetValue("n", out string? n) ? int.Parse(n) : int.MaxValue;
        size = _options.PageSize > 0 ? Math.Min(size, _options.PageSize) : size;
        string[] rest = [.. all.Where(entry => last is null || string.CompareOrdinal(entry, last) > 0).Order(StringComparer.Ordinal)];
        string[] page = [.. rest.Take(size)];
        answer[name] = new JsonArray([.. page.Select(entry => JsonValue.Create(entry))]);
        return HttpAnswer.Json(200, answer.ToJsonString())
            .With("Link", page.Length < rest.Length ? $"<{exchange.Path}?n={size}&last={Uri.EscapeDataString(page[^1])}>; rel=\"next\"" : null);
    }

    private static string Digest(JsonNode descriptor) => descriptor["digest"]!.GetValue<string>();
}
