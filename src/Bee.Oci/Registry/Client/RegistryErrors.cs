using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Bee.Oci.Formats;
using Bee.Posix;

namespace Bee.Oci.Registry.Client;

/// <summary>
/// Converts error responses to exceptions: the registry's code and message (OCI Distribution Specification 1.1, "Error Codes"), sanitized and
/// truncated, and a remedy.
/// </summary>
internal static class RegistryErrors
{
    private const int LongestDocument = 64 << 10;
    private const int LongestMessage = 400;

    /// <summary>Reads an error response.</summary>
    /// <param name="response">The response; its body may be anything.</param>
    /// <param name="doing">The action, as it continues "Cannot": <c>read the manifest of ghcr.io/me/x:v1</c>.</param>
    /// <param name="host">The registry's host.</param>
    /// <param name="elsewhere">The host that answered, if the registry redirected to another one; otherwise null.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public static async Task<RegistryException> ReadAsync(HttpResponseMessage response, string doing, string host, string? elsewhere, CancellationToken cancellationToken)
    {
        byte[] body = await BodyAsync(response, cancellationToken).ConfigureAwait(false);
        return Make(response.StatusCode, body, doing, host, elsewhere);
    }

    /// <summary>Returns the exception for a status and a body.</summary>
    public static RegistryException Make(HttpStatusCode status, byte[] body, string doing, string host, string? elsewhere = null)
    {
        (string? code, string? message) = Words(body);
        RegistryFault fault = FaultOf(code, (int)status);
        string words = message ?? Default(fault, status);
        string facts = code is null ? "" : code + ", ";
        string from = elsewhere is null ? "" : " of " + elsewhere;
        return new RegistryException(fault, string.Create(CultureInfo.InvariantCulture, $"Cannot {doing}: {words} ({facts}HTTP {(int)status}{from})."))
        {
            Code = code,
            Status = (int)status,
            Remedy = elsewhere is null
                ? Remedy(fault, code, (int)status, host)
                : $"{host} stores this content at {elsewhere}, which rejected the request. Bee sends no login there, and such addresses expire soon: try again.",
        };
    }

    private static async Task<byte[]> BodyAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            return await ResponseBody.ReadAsync(response, LongestDocument, "error", cancellationToken).ConfigureAwait(false);
        }
        catch (RegistryException)
        {
            // The status is enough; a truncated or endless explanation adds nothing.
            return [];
        }
    }

    /// <summary>Returns the code of the first error and the messages of all; nulls for another body.</summary>
    private static (string? Code, string? Message) Words(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                return (null, null);
            }

            if (!root.TryGetProperty("errors", out JsonElement errors) || errors.ValueKind != JsonValueKind.Array)
            {
                return (null, Clean(Text(root, "message")));
            }

            string? code = null;
            var messages = new List<string>();
            foreach (JsonElement error in errors.EnumerateArray().Where(e => e.ValueKind == JsonValueKind.Object))
            {
                code ??= Text(error, "code") is { Length: > 0 and <= 64 } text && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') ? text : null;
                if (Text(error, "message") is { Length: > 0 } message && !messages.Contains(message))
                {
                    messages.Add(message);
                }
            }

            return (code, Clean(string.Join("; ", messages)));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not JSON, or invalid Unicode (a lone surrogate).
            return (null, null);
        }
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string? Clean(string? message)
    {
        string text = TerminalText.Clean(message ?? "").Trim().TrimEnd('.');
        return text.Length == 0 ? null : text.Length <= LongestMessage ? text : text[..LongestMessage] + "…";
    }

    private static RegistryFault FaultOf(string? code, int status) => code switch
    {
        // Some registries return 401 and DENIED to anonymous clients, which need a login.
        "DENIED" => status == 401 ? RegistryFault.Unauthorized : RegistryFault.Denied,
        "UNAUTHORIZED" => status == 403 ? RegistryFault.Denied : RegistryFault.Unauthorized,
        "NAME_UNKNOWN" or "MANIFEST_UNKNOWN" or "BLOB_UNKNOWN" or "BLOB_UPLOAD_UNKNOWN" => RegistryFault.NotFound,
        "NAME_INVALID" or "TAG_INVALID" => RegistryFault.BadName,
        "MANIFEST_INVALID" or "MANIFEST_BLOB_UNKNOWN" or "MANIFEST_UNVERIFIED" or "DIGEST_INVALID" or "SIZE_INVALID" or "RANGE_INVALID" or "BLOB_UPLOAD_INVALID" => RegistryFault.Refused,
        "UNSUPPORTED" => RegistryFault.Unsupported,
        "TOOMANYREQUESTS" => RegistryFault.TooManyRequests,
        _ => status switch
        {
            401 => RegistryFault.Unauthorized,
            403 => RegistryFault.Denied,
            404 => RegistryFault.NotFound,
            405 or 501 => RegistryFault.Unsupported,
            408 or 504 => RegistryFault.TimedOut,
            429 => RegistryFault.TooManyRequests,
            >= 500 => RegistryFault.ServerError,
            >= 400 => RegistryFault.Refused,
            _ => RegistryFault.BadAnswer,
        },
    };

    private static string Default(RegistryFault fault, HttpStatusCode status) => fault switch
    {
        RegistryFault.Unauthorized => "the registry requires a login, or another one",
        RegistryFault.Denied => "the registry does not allow it",
        RegistryFault.NotFound => "the registry does not have it",
        RegistryFault.Unsupported => "the registry does not support this",
        RegistryFault.TooManyRequests => "the registry received too many requests",
        RegistryFault.TimedOut => "the registry reports a timeout",
        RegistryFault.ServerError => "the registry reports an internal error",
        RegistryFault.BadAnswer => "the registry answers with an unexpected status",
        _ => TerminalText.Clean(status.ToString()),
    };

    private static string? Remedy(RegistryFault fault, string? code, int status, string host) => fault switch
    {
        RegistryFault.Unauthorized => $"Log in to {host}. If you are logged in, the login may have expired, or it may not cover this repository.",
        RegistryFault.Denied => "Ask the owner of the repository for access, or use a login or token that has it (pushing requires write access). Registries also deny access to repositories that do not exist.",
        RegistryFault.NotFound when code == "NAME_UNKNOWN" => "Check the repository's name. A private repository may need a login: without one, many registries answer that it does not exist.",
        RegistryFault.NotFound when code == "MANIFEST_UNKNOWN" => "Check the tag or digest.",
        RegistryFault.BadName when code == "TAG_INVALID" => "Use a tag of at most 128 letters, digits, '_', '.' and '-'.",
        RegistryFault.BadName => "Use a repository name of lower-case letters, digits and single separators. Many registries require an owner or a project before the name: me/opensnoop.",
        RegistryFault.Refused when code == "MANIFEST_BLOB_UNKNOWN" => "A blob of the image is not in the repository: push the image again.",
        RegistryFault.Refused when status == 413 => "The registry, or a proxy in front of it, limits the size of uploads.",
        RegistryFault.Unsupported => "Ask the registry's operator. Many registries have deleting disabled.",
        RegistryFault.TooManyRequests => "Wait a while. Many registries allow more requests after a login.",
        RegistryFault.ServerError or RegistryFault.TimedOut => "Try again later. If the error remains, ask the registry's operator.",
        _ => null,
    };
}

/// <summary>Reads JSON documents of registries.</summary>
internal static class RegistryDocuments
{
    /// <summary>Reads a document.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryFault.BadAnswer"/>: the document is malformed.</exception>
    public static T Read<T>(ReadOnlySpan<byte> content, JsonTypeInfo<T> type, string what)
        where T : class
    {
        try
        {
            return OciJson.Read(content, type, StoreFault.DamagedManifest, what);
        }
        catch (StoreException e)
        {
            throw new RegistryException(RegistryFault.BadAnswer, e.Message, e);
        }
    }
}
