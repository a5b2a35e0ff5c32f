using System.Text.RegularExpressions;

namespace Bee.Registries;

/// <summary>The endpoint of a request (OCI Distribution Specification 1.1, "Endpoints").</summary>
/// <param name="Stage">The purpose.</param>
/// <param name="Repository">The repository's name; empty for none.</param>
/// <param name="Reference">The tag, the digest or the id of an upload; empty for none.</param>
internal sealed partial record RegistryRoute(Stage Stage, string Repository, string Reference)
{
    /// <summary>The access that a token must grant: type, name, action.</summary>
    public (string? Type, string? Name, string? Action) Needs => Stage switch
    {
        Stage.Ping or Stage.Other => (null, null, null),
        Stage.Catalog => ("registry", "catalog", "*"),
        Stage.DeleteManifest => ("repository", Repository, "delete"),
        Stage.HeadManifest or Stage.GetManifest or Stage.HeadBlob or Stage.GetBlob or Stage.Tags or Stage.Referrers => ("repository", Repository, "pull"),
        _ => ("repository", Repository, "push"),
    };

    /// <summary>Returns the endpoint of a request.</summary>
    public static RegistryRoute Of(HttpExchange exchange)
    {
        if (exchange.Path is "/v2/" or "/v2")
        {
            return new RegistryRoute(Stage.Ping, "", "");
        }

        if (exchange.Path == "/v2/_catalog")
        {
            return new RegistryRoute(Stage.Catalog, "", "");
        }

        Match match = Parts().Match(exchange.Path);
        string reference = match.Groups["reference"].Value;
        Stage stage = (match.Groups["kind"].Value, exchange.Method) switch
        {
            ("manifests", "HEAD") => Stage.HeadManifest,
            ("manifests", "GET") => Stage.GetManifest,
            ("manifests", "PUT") => Stage.PutManifest,
            ("manifests", "DELETE") => Stage.DeleteManifest,
            ("blobs", "HEAD") => Stage.HeadBlob,
            ("blobs", "GET") => Stage.GetBlob,
            ("blobs/uploads", "POST") => exchange.Query.ContainsKey("mount") ? Stage.Mount : Stage.StartUpload,
            ("blobs/uploads", "PATCH") => Stage.Patch,
            ("blobs/uploads", "GET") => Stage.UploadStatus,
            ("blobs/uploads", "PUT") => Stage.PutUpload,
            ("blobs/uploads", "DELETE") => Stage.CancelUpload,
            ("tags", "GET") when reference == "list" => Stage.Tags,
            ("referrers", "GET") => Stage.Referrers,
            _ => Stage.Other,
        };
        return new RegistryRoute(stage, match.Groups["name"].Value, reference);
    }

    [GeneratedRegex("^/v2/(?<name>.+?)/(?<kind>manifests|blobs/uploads|blobs|tags|referrers)/(?<reference>[^/]*)$")]
    private static partial Regex Parts();
}
