using System.Globalization;

namespace Bee.Registries;

/// <summary>Serves uploads: whole, in chunks, and mounted from another repository.</summary>
internal sealed class MemoryUploads(FaultyRegistryOptions options, Func<string, MemoryRepository> repositories)
{
    private const string State = "_state";

    public async Task<HttpAnswer> ServeAsync(HttpExchange exchange, RegistryRoute route)
    {
        MemoryRepository repository = repositories(route.Repository);
        switch (route.Stage)
        {
            case Stage.Mount when options.Mounts && Mount(exchange, repository) is { } digest:
                return Created(route, digest);
            case Stage.Mount or Stage.StartUpload:
                return await StartAsync(exchange, route, repository);
        }

        if (!repository.Uploads.TryGetValue(route.Reference, out MemoryStream? upload)
            || (options.LocationQueries && exchange.Query.GetValueOrDefault(State) != Token(route.Reference)))
        {
            return MemoryRegistry.Error(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry");
        }

        switch (route.Stage)
        {
            case Stage.UploadStatus:
                return Accepted(exchange, route, upload, 204);
            case Stage.CancelUpload:
                repository.Uploads.TryRemove(route.Reference, out _);
                return new HttpAnswer(204);
            case Stage.Patch:
                return await AppendAsync(exchange, route, upload) ?? Accepted(exchange, route, upload, 202);
            default:
                if (await AppendAsync(exchange, route, upload) is { } wrong)
                {
                    return wrong;
                }

                repository.Uploads.TryRemove(route.Reference, out _);
                return Finish(exchange, route, repository, upload);
        }
    }

    private string? Mount(HttpExchange exchange, MemoryRepository repository)
    {
        string digest = exchange.Query["mount"];
        if (!exchange.Query.TryGetValue("from", out string? from) || !repositories(from).Blobs.TryGetValue(digest, out byte[]? bytes))
        {
            return null;
        }

        repository.Blobs[digest] = bytes;
        return digest;
    }

    private async Task<HttpAnswer> StartAsync(HttpExchange exchange, RegistryRoute route, MemoryRepository repository)
    {
        var upload = new MemoryStream();
        if (exchange.Query.ContainsKey("digest"))
        {
            await exchange.Body.CopyToAsync(upload, exchange.End);
            return Finish(exchange, route, repository, upload);
        }

        string id = Guid.NewGuid().ToString();
        repository.Uploads[id] = upload;
        return Accepted(exchange, route with { Reference = id }, upload, 202).With("OCI-Chunk-Min-Length", options.SmallestChunk > 0 ? $"{options.SmallestChunk}" : null);
    }

    private async Task<HttpAnswer?> AppendAsync(HttpExchange exchange, RegistryRoute route, MemoryStream upload)
    {
        if (exchange.Header("Content-Range") is { } range && route.Stage == Stage.Patch)
        {
            long[] ends = [.. range.Split('-').Select(end => long.Parse(end, CultureInfo.InvariantCulture))];
            if (ends[0] != upload.Length)
            {
                return Accepted(exchange, route, upload, 416);
            }
        }

        // Keeps the bytes that arrived before the connection broke, as registries do.
        long before = upload.Length;
        byte[] buffer = new byte[81920];
        int read;
        while ((read = await exchange.Body.ReadAsync(buffer, exchange.End)) > 0)
        {
            upload.Write(buffer, 0, read);
        }

        return route.Stage == Stage.Patch && upload.Length - before < options.SmallestChunk && upload.Length - before > 0 && exchange.Header("Content-Range") is not null && !IsLast(exchange)
            ? MemoryRegistry.Error(400, "SIZE_INVALID", $"a chunk has at least {options.SmallestChunk} bytes")
            : null;
    }

    // The last chunk may be small, and only a PUT shows which one is the last. So only the first chunk is checked.
    private static bool IsLast(HttpExchange exchange) => !exchange.Header("Content-Range")!.StartsWith("0-", StringComparison.Ordinal);

    private static HttpAnswer Finish(HttpExchange exchange, RegistryRoute route, MemoryRepository repository, MemoryStream upload)
    {
        byte[] bytes = upload.ToArray();
        string digest = exchange.Query.GetValueOrDefault("digest") ?? "";
        if (MemoryRepository.Digest(bytes) != digest)
        {
            return MemoryRegistry.Error(400, "DIGEST_INVALID", "provided digest did not match uploaded content");
        }

        repository.Blobs[digest] = bytes;
        return Created(route, digest);
    }

    private static HttpAnswer Created(RegistryRoute route, string digest) =>
        new(201) { Headers = { ["Location"] = $"/v2/{route.Repository}/blobs/{digest}", ["Docker-Content-Digest"] = digest } };

    private HttpAnswer Accepted(HttpExchange exchange, RegistryRoute route, MemoryStream upload, int status)
    {
        string query = options.LocationQueries ? $"?{State}={Uri.EscapeDataString(Token(route.Reference))}" : "";
        string path = $"/v2/{route.Repository}/blobs/uploads/{route.Reference}{query}";
        string location = options.Locations switch
        {
            LocationStyle.Absolute => $"{(options.Authority is null ? "http" : "https")}://{exchange.Header("Host")}{path}",
            LocationStyle.Root => path,
            // Correct relative to both uploads/ and the URL of an upload.
            _ => $"{route.Reference}{query}",
        };
        return new HttpAnswer(status)
        {
            Headers =
            {
                ["Location"] = location,
                ["Docker-Upload-UUID"] = route.Reference,
                ["Range"] = $"0-{Math.Max(0, upload.Length - 1)}",
            },
        };
    }

    // Contains characters that a careless client would decode.
    private static string Token(string id) => $"a+b/c=={id}&d";
}
