using Bee.Oci.Formats;
using Bee.Registries;
using static Bee.Oci.Registry.RegistryFault;
using static Bee.Registries.Stage;

namespace Bee.Oci.Tests.Registry.Failing;

/// <summary>Faults during a pull.</summary>
internal static class PullFaults
{
    public static IReadOnlyDictionary<string, FaultCase> All { get; } = new Dictionary<string, FaultCase>
    {
        ["resolve: cut once"] = new(HeadManifest, Faults.Cut, null, 1),
        ["resolve: cut always"] = new(HeadManifest, Faults.Cut, Broken),
        ["resolve: no answer"] = new(HeadManifest, Faults.NoAnswer, TimedOut),
        ["resolve: slow headers"] = new(HeadManifest, Faults.SlowHeaders, TimedOut),
        ["resolve: not HTTP"] = new(HeadManifest, Faults.Garbage, BadAnswer),
        ["resolve: 503 three times"] = new(HeadManifest, Faults.Status(503), null, 3),
        ["resolve: 503 always"] = new(HeadManifest, Faults.Status(503), ServerError, Also: GetManifest),
        ["resolve: 429 with Retry-After"] = new(HeadManifest, Faults.Status(429, "Retry-After: 3600"), null, 2),
        ["resolve: 429 with a Retry-After that is none"] = new(HeadManifest, Faults.Status(429, "Retry-After: soon"), null, 1),
        ["resolve: 503 always to HEAD"] = new(HeadManifest, Faults.Status(503), null),
        ["resolve: 429 always"] = new(HeadManifest, Faults.Status(429), TooManyRequests, Also: GetManifest),
        ["resolve: 408 once"] = new(HeadManifest, Faults.Status(408), null, 1),
        ["resolve: 401 without a challenge"] = new(HeadManifest, Faults.Status(401), Unauthorized, Also: GetManifest),
        ["resolve: 403"] = new(HeadManifest, Faults.Status(403), Denied, Also: GetManifest),
        ["resolve: 405"] = new(HeadManifest, Faults.Status(405), Unsupported, Also: GetManifest),
        ["resolve: no digest told"] = new(HeadManifest, Faults.Header("Docker-Content-Digest", null), null),
        ["resolve: no digest, no length, no type told"] = new(HeadManifest, Faults.Status(200), null),
        ["resolve: a digest that is none"] = new(HeadManifest, Faults.Header("Docker-Content-Digest", "sha256:xyz"), null),
        ["resolve: another digest"] = new(HeadManifest, Faults.Header("Docker-Content-Digest", MemoryRepository.Digest("x"u8)), NotFound),
        ["resolve: longer than allowed"] = new(HeadManifest, Faults.Header("Content-Length", "99999999999"), TooLarge),
        ["resolve: redirected in circles"] = new(HeadManifest, Faults.Redirect("/v2/me/image/manifests/v1"), Unsafe),
        ["resolve: redirected nowhere"] = new(HeadManifest, Faults.Status(307), BadAnswer),
        ["resolve: redirected to a file"] = new(HeadManifest, Faults.Redirect("file:///etc/passwd"), BadAnswer),

        ["manifest: cut before the answer"] = new(GetManifest, Faults.Cut, Broken),
        ["manifest: not HTTP"] = new(GetManifest, Faults.Garbage, BadAnswer),
        ["manifest: slow headers"] = new(GetManifest, Faults.SlowHeaders, TimedOut),
        ["manifest: 503 three times"] = new(GetManifest, Faults.Status(503), null, 3),
        ["manifest: 503 always"] = new(GetManifest, Faults.Status(503), ServerError),
        ["manifest: 429 with Retry-After"] = new(GetManifest, Faults.Status(429, "Retry-After: 3600"), null, 2),
        ["manifest: 401 without a challenge"] = new(GetManifest, Faults.Status(401), Unauthorized),
        ["manifest: 405"] = new(GetManifest, Faults.Status(405), Unsupported),
        ["manifest: 200 and nothing"] = new(GetManifest, Faults.Status(200), DigestMismatch),
        ["manifest: 204"] = new(GetManifest, Faults.Status(204), BadAnswer),
        ["manifest: longer than allowed"] = new(GetManifest, Faults.Header("Content-Length", "99999999999"), TooLarge),
        ["manifest: redirected in circles"] = new(GetManifest, Faults.Redirect("/v2/me/image/manifests/v1"), Unsafe),
        ["manifest: redirected nowhere"] = new(GetManifest, Faults.Status(307), BadAnswer),
        ["manifest: redirected to a file"] = new(GetManifest, Faults.Redirect("file:///etc/passwd"), BadAnswer),
        ["manifest: cut once"] = new(GetManifest, Faults.CutAnswer(10), null, 1),
        ["manifest: cut always"] = new(GetManifest, Faults.CutAnswer(10), Broken),
        ["manifest: stalls"] = new(GetManifest, Faults.Stall(10), TimedOut),
        ["manifest: trickles"] = new(GetManifest, Faults.Trickle, TimedOut),
        ["manifest: no answer"] = new(GetManifest, Faults.NoAnswer, TimedOut),
        ["manifest: wrong bytes"] = new(GetManifest, Faults.WrongBytes, DigestMismatch),
        ["manifest: too long"] = new(GetManifest, Faults.WrongLength(1), DigestMismatch),
        ["manifest: too short"] = new(GetManifest, Faults.WrongLength(-1), DigestMismatch),
        ["manifest: endless"] = new(GetManifest, Faults.Endless, TooLarge),
        ["manifest: another digest told"] = new(GetManifest, Faults.Header("Docker-Content-Digest", MemoryRepository.Digest("x"u8)), null),
        ["manifest: no digest told"] = new(GetManifest, Faults.Header("Docker-Content-Digest", null), null),
        ["manifest: no type told"] = new(GetManifest, Faults.Header("Content-Type", null), null),
        ["manifest: another type told"] = new(GetManifest, Faults.Header("Content-Type", MediaTypes.ImageIndex), BadAnswer),
        ["manifest: gone meanwhile"] = new(GetManifest, Faults.Error(404, "MANIFEST_UNKNOWN"), NotFound),
        ["manifest: denied in words"] = new(GetManifest, Faults.Error(403, "DENIED"), Denied),
        ["manifest: denied without end"] = new(GetManifest, Faults.EndlessAnswer(new HttpAnswer(403)), Denied),
        ["manifest: 500 in HTML"] = new(GetManifest, Faults.Answer(HttpAnswer.Json(500, "<html>oh</html>", "text/html")), ServerError),
        ["manifest: too many in JSON that is none"] = new(GetManifest, Faults.Answer(HttpAnswer.Json(429, """{"errors":[{"code":1},null,{"mess""")), TooManyRequests),

        ["blob: cut once before the answer"] = new(GetBlob, Faults.Cut, null, 1),
        ["blob: cut once in the middle"] = new(GetBlob, Faults.CutAnswer(100_000), null, 1),
        ["blob: cut three times in the middle"] = new(GetBlob, Faults.CutAnswer(500), null, 3),
        ["blob: cut always, before anything came"] = new(GetBlob, Faults.CutAnswer(0), Broken),
        ["blob: cut always, after a few bytes"] = new(GetBlob, Faults.CutAnswer(10), Broken),
        ["blob: stalls"] = new(GetBlob, Faults.Stall(500), TimedOut),
        ["blob: trickles"] = new(GetBlob, Faults.Trickle, TimedOut),
        ["blob: no answer"] = new(GetBlob, Faults.NoAnswer, TimedOut),
        ["blob: slow headers"] = new(GetBlob, Faults.SlowHeaders, TimedOut),
        ["blob: wrong bytes"] = new(GetBlob, Faults.WrongBytes, DigestMismatch),
        ["blob: too long"] = new(GetBlob, Faults.WrongLength(1), DigestMismatch),
        ["blob: too short"] = new(GetBlob, Faults.WrongLength(-1), DigestMismatch),
        ["blob: empty"] = new(GetBlob, Faults.Status(200), DigestMismatch),
        ["blob: a length that is none"] = new(GetBlob, Faults.Header("Content-Length", "many"), null),
        ["blob: more than was asked for, without end"] = new(GetBlob, Faults.Endless, null),
        ["blob: gone"] = new(GetBlob, Faults.Error(404, "BLOB_UNKNOWN"), NotFound),
        ["blob: 503 twice"] = new(GetBlob, Faults.Status(503), null, 2),
        ["blob: 503 always"] = new(GetBlob, Faults.Status(503), ServerError),
        ["blob: 206 that nobody asked for"] = new(GetBlob, Faults.Change(answer => (answer with { Status = 206 }).With("Content-Range", "bytes 5-9/10")), BadAnswer),
        ["blob: 204"] = new(GetBlob, Faults.Status(204), BadAnswer),
        ["blob: redirected in circles"] = new(GetBlob, Faults.Redirect($"/v2/me/image/blobs/{MemoryRepository.Digest(FaultyImage.Small)}"), Unsafe),
    };

    /// <summary>The faults, with the expected results, of a pull by tag with one GET. The content can be compared only with the digest that the response states.</summary>
    public static IReadOnlyDictionary<string, FaultCase> ByTag { get; } = new Dictionary<string, FaultCase>(All.Where(pair => pair.Value.Stage != HeadManifest))
    {
        ["manifest: another digest told"] = All["manifest: another digest told"] with { Expected = DigestMismatch },
        ["manifest: 200 and nothing"] = All["manifest: 200 and nothing"] with { Expected = BadAnswer },
    };
}
