using System.Diagnostics;
using System.IO.Compression;
using Bee.Telemetry.Exposition;
using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Serving;

/// <summary>Answers requests: <c>/metrics</c>, <c>/healthz</c>, <c>/readyz</c> and an index.</summary>
internal sealed class MetricRoutes(Func<IReadOnlyList<IMetricSource>> sources, BearerToken? token, TimeSpan scrapeTimeout, ServerMetrics metrics)
{
    /// <summary>Answers a request. Safe from any thread.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Cancels the reading of sources.</param>
    public HttpResponse Answer(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.Method is not ("GET" or "HEAD"))
        {
            return HttpResponse.Text(405, "Only GET and HEAD are allowed.", "Allow: GET, HEAD\r\n");
        }

        switch (request.Path)
        {
            case "/metrics" when IsAllowed(request):
                return Scrape(request, cancellationToken);
            case "/metrics":
                metrics.CountRejected(RejectReason.Token);
                return HttpResponse.Text(401, "A bearer token is required.", "WWW-Authenticate: Bearer\r\n");
            case "/healthz":
                return HttpResponse.Text(200, "ok");
            case "/readyz":
                return Readiness(IsAllowed(request));
            case "/":
                return HttpResponse.Text(200, "Bee\n\n/metrics  the metrics: text, OpenMetrics or protobuf\n/healthz  whether the process answers\n/readyz   whether the programs are attached");
            default:
                return HttpResponse.Text(404, "Not found: /metrics, /healthz and /readyz are served.");
        }
    }

    private bool IsAllowed(HttpRequest request) => token is null || token.IsIn(request.Authorization);

    // The names of tools are reported only to clients that may read the metrics.
    private HttpResponse Readiness(bool isAllowed)
    {
        IReadOnlyList<IMetricSource> all;
        try
        {
            all = sources();
        }
        catch (Exception exception)
        {
            return HttpResponse.Text(503, isAllowed ? $"The sources cannot be listed: {exception.Message}" : "not ready");
        }

        var waiting = all.Where(static source => !source.IsReady).ToArray();
        return all.Count == 0 ? HttpResponse.Text(503, isAllowed ? "No tool is running." : "not ready")
            : waiting.Length == 0 ? HttpResponse.Text(200, "ok")
            : HttpResponse.Text(503, isAllowed ? string.Join('\n', waiting.Select(static source => source.NotReadyReason ?? "A tool is not attached.")) : "not ready");
    }

    private HttpResponse Scrape(HttpRequest request, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        var format = ContentNegotiation.Format(request.Accept);
        var merged = MergedFamilies.Merge(Collect(cancellationToken));
        metrics.CountConflicts(merged.LeftOut.Count);
        var body = new ExpositionBuffer();
        var fields = "Vary: Accept, Accept-Encoding\r\n";
        try
        {
            MetricEncoder.Encode(merged.Families, format, body);
            if (ContentNegotiation.AllowsGzip(request.AcceptEncoding))
            {
                body = Compress(body);
                fields += "Content-Encoding: gzip\r\n";
            }
        }
        catch
        {
            body.Dispose();
            throw;
        }

        metrics.CountScrape(format, Stopwatch.GetElapsedTime(start));
        return new HttpResponse(200, ContentNegotiation.ContentType(format), body) { Fields = fields };
    }

    private static ExpositionBuffer Compress(ExpositionBuffer body)
    {
        var compressed = new ExpositionBuffer();
        using (var gzip = new GZipStream(new BufferStream(compressed), CompressionLevel.Fastest))
        {
            gzip.Write(body.Written.Span);
        }

        body.Dispose();
        return compressed;
    }

    // The server's own metrics are read last, so that they include the errors of this scrape, but come first: they win over a tool's metrics of the same name.
    private List<MetricFamily> Collect(CancellationToken cancellationToken)
    {
        var families = MetricSources.Collect(sources, scrapeTimeout, metrics.CountError, cancellationToken);
        families.InsertRange(0, metrics.Collect(cancellationToken));
        return families;
    }
}
