using Bee.Registries;
using static Bee.Oci.Registry.RegistryFault;
using static Bee.Registries.Stage;

namespace Bee.Oci.Tests.Registry.Failing;

/// <summary>Faults during a push.</summary>
internal static class PushFaults
{
    public static IReadOnlyDictionary<string, FaultCase> All { get; } = new Dictionary<string, FaultCase>
    {
        ["look: cut once"] = new(HeadBlob, Faults.Cut, null, 1),
        ["look: cut always"] = new(HeadBlob, Faults.Cut, Broken),
        ["look: no answer"] = new(HeadBlob, Faults.NoAnswer, TimedOut),
        ["look: 403"] = new(HeadBlob, Faults.Status(403), Denied),
        ["look: 503 always"] = new(HeadBlob, Faults.Status(503), ServerError),

        ["start: cut once"] = new(StartUpload, Faults.Cut, null, 1),
        ["start: cut once, the answer alone"] = new(StartUpload, Faults.CutBeforeAnswer, null, 1),
        ["start: cut always"] = new(StartUpload, Faults.Cut, Broken),
        ["start: no answer"] = new(StartUpload, Faults.NoAnswer, TimedOut),
        ["start: 503 twice"] = new(StartUpload, Faults.Status(503), null, 2),
        ["start: 503 always"] = new(StartUpload, Faults.Status(503), ServerError),
        ["start: 429 twice"] = new(StartUpload, Faults.Status(429, "Retry-After: 1"), null, 2),
        ["start: denied"] = new(StartUpload, Faults.Error(403, "DENIED"), Denied),
        ["start: the name is not taken"] = new(StartUpload, Faults.Error(400, "NAME_INVALID"), BadName),
        ["start: no location"] = new(StartUpload, Faults.Header("Location", null), BadAnswer),
        ["start: a location that is none"] = new(StartUpload, Faults.Header("Location", "http://"), BadAnswer),
        ["start: a location of another kind"] = new(StartUpload, Faults.Header("Location", "file:///etc/passwd"), BadAnswer),
        ["start: a location with a login"] = new(StartUpload, Faults.Header("Location", "http://me:secret@127.0.0.1:1/x"), Unsafe),
        ["start: 200"] = new(StartUpload, Faults.Status(200), BadAnswer),
        ["start: an answer without end"] = new(StartUpload, Faults.Endless, null),

        ["chunk: cut once before anything"] = new(Patch, Faults.Cut, null, 1),
        ["chunk: cut once in the middle"] = new(Patch, Faults.CutRequest(1000), null, 1),
        ["chunk: cut once after it was taken"] = new(Patch, Faults.CutBeforeAnswer, null, 1),
        ["chunk: cut always before anything"] = new(Patch, Faults.Cut, Broken),
        ["chunk: no answer"] = new(Patch, Faults.NoAnswer, TimedOut),
        ["chunk: 503 once"] = new(Patch, Faults.Status(503), null, 1),
        ["chunk: 503 always"] = new(Patch, Faults.Status(503), ServerError),
        ["chunk: the upload is not known any more"] = new(Patch, Faults.Error(404, "BLOB_UPLOAD_UNKNOWN"), null, 1),
        ["chunk: out of order, once"] = new(Patch, Faults.Status(416), null, 1),
        ["chunk: too large"] = new(Patch, Faults.Status(413), Refused),
        ["chunk: no location"] = new(Patch, Faults.Header("Location", null), null),
        ["chunk: no range"] = new(Patch, Faults.Header("Range", null), null),
        ["chunk: a range beyond what was sent"] = new(Patch, Faults.Header("Range", "0-999999999"), BadAnswer),
        ["chunk: a range that is none"] = new(Patch, Faults.Header("Range", "all"), null),
        ["chunk: not taken in chunks"] = new(Patch, Faults.Error(405, "UNSUPPORTED"), null),
        ["chunk: an answer without end"] = new(Patch, Faults.Endless, null),

        ["state: cut once"] = new(UploadStatus, Faults.Cut, null, 1),
        ["state: not known"] = new(UploadStatus, Faults.Error(404, "BLOB_UPLOAD_UNKNOWN"), null),
        ["state: more than was sent"] = new(UploadStatus, Faults.Header("Range", "0-999999999"), null),
        ["state: no range"] = new(UploadStatus, Faults.Header("Range", null), null),

        ["end: cut once before anything"] = new(PutUpload, Faults.Cut, null, 1),
        ["end: cut once in the middle"] = new(PutUpload, Faults.CutRequest(100), null, 1),
        ["end: cut once after it was taken"] = new(PutUpload, Faults.CutBeforeAnswer, null, 1),
        ["end: cut always before anything"] = new(PutUpload, Faults.Cut, Broken),
        ["end: no answer"] = new(PutUpload, Faults.NoAnswer, TimedOut),
        ["end: 500 once"] = new(PutUpload, Faults.Error(500, "UNKNOWN"), null, 1),
        ["end: 503 always"] = new(PutUpload, Faults.Status(503), ServerError),
        ["end: another digest"] = new(PutUpload, Faults.Error(400, "DIGEST_INVALID"), Refused),
        ["end: another digest told"] = new(PutUpload, Faults.Header("Docker-Content-Digest", MemoryRepository.Digest("x"u8)), DigestMismatch),
        ["end: no headers"] = new(PutUpload, Faults.Change(_ => new HttpAnswer(201)), null),
        ["end: denied"] = new(PutUpload, Faults.Error(403, "DENIED"), Denied),
        ["end: an answer without end"] = new(PutUpload, Faults.Endless, null),

        ["manifest: cut once before anything"] = new(PutManifest, Faults.Cut, null, 1),
        ["manifest: cut once after it was taken"] = new(PutManifest, Faults.CutBeforeAnswer, null, 1),
        ["manifest: cut always before anything"] = new(PutManifest, Faults.Cut, Broken),
        ["manifest: no answer"] = new(PutManifest, Faults.NoAnswer, TimedOut),
        ["manifest: slow headers"] = new(PutManifest, Faults.SlowHeaders, TimedOut),
        ["manifest: 503 twice"] = new(PutManifest, Faults.Status(503), null, 2),
        ["manifest: 429 always"] = new(PutManifest, Faults.Status(429), TooManyRequests),
        ["manifest: refused"] = new(PutManifest, Faults.Error(400, "MANIFEST_INVALID"), Refused),
        ["manifest: too large"] = new(PutManifest, Faults.Status(413), Refused),
        ["manifest: the tag is not taken"] = new(PutManifest, Faults.Error(400, "TAG_INVALID"), BadName),
        ["manifest: a blob is missing"] = new(PutManifest, Faults.Error(404, "MANIFEST_BLOB_UNKNOWN"), Refused),
        ["manifest: no headers"] = new(PutManifest, Faults.Change(_ => new HttpAnswer(201)), null),
        ["manifest: redirected as GET"] = new(PutManifest, Faults.Redirect("/v2/", 302), BadAnswer),
        ["manifest: unauthorized"] = new(PutManifest, Faults.Error(401, "UNAUTHORIZED"), Unauthorized),
        ["manifest: an answer without end"] = new(PutManifest, Faults.Endless, null),
    };
}
