using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Bee.Toolchain.Deployments;

/// <summary>
/// A Kubernetes DaemonSet that runs a tool on every node with minimal rights: only its capabilities, a read-only root file system, the runtime's seccomp profile, and the folders that
/// it needs.
/// </summary>
internal static class DaemonSetManifest
{
    private const string MetricsPort = "metrics";
    private const string TokenKey = "token";

    /// <summary>Returns the manifest: a service account, the DaemonSet and a PodMonitor.</summary>
    /// <param name="request">The tool.</param>
    /// <param name="namespaceName">The namespace; null for the client's default.</param>
    public static string Write(DeploymentRequest request, string? namespaceName = null)
    {
        ArgumentNullException.ThrowIfNull(request);
        return YamlWriter.Documents([Account(request, namespaceName), DaemonSet(request, namespaceName), Monitor(request, namespaceName)]);
    }

    private static YamlMap Account(DeploymentRequest request, string? space) => new()
    {
        { "apiVersion", "v1" },
        { "kind", "ServiceAccount" },
        { "metadata", Metadata(request, space) },
        // The tool does not use the Kubernetes API.
        { "automountServiceAccountToken", false },
    };

    private static YamlMap DaemonSet(DeploymentRequest request, string? space) => new()
    {
        { "apiVersion", "apps/v1" },
        { "kind", "DaemonSet" },
        { "metadata", Metadata(request, space) },
        {
            "spec", new YamlMap
            {
                { "selector", new YamlMap { { "matchLabels", Selector(request) } } },
                { "updateStrategy", new YamlMap { { "type", "RollingUpdate" }, { "rollingUpdate", new YamlMap { { "maxUnavailable", "10%" } } } } },
                {
                    "template", new YamlMap
                    {
                        { "metadata", new YamlMap { { "labels", Labels(request) }, { "annotations", new YamlMap { { "kubectl.kubernetes.io/default-container", request.Name } } } } },
                        { "spec", Pod(request) },
                    }
                },
            }
        },
    };

    private static YamlMap Pod(DeploymentRequest request)
    {
        var nodes = new YamlMap { { "kubernetes.io/os", "linux" } };
        if (request.Architecture is { } architecture)
        {
            nodes.Add("kubernetes.io/arch", architecture);
        }

        (string Name, string Path)[] folders = [.. request.Folders.Select(folder => (DeploymentRequest.NameOf(folder), folder))];
        return new YamlMap
        {
            { "serviceAccountName", request.Name },
            { "automountServiceAccountToken", false },
            // The kernel reports process ids of the initial pid namespace.
            { "hostPID", true },
            { "hostNetwork", request.NeedsHostNetwork ? true : null },
            { "dnsPolicy", request.NeedsHostNetwork ? "ClusterFirstWithHostNet" : null },
            { "terminationGracePeriodSeconds", 5 },
            { "nodeSelector", nodes },
            { "tolerations", new object[] { new YamlMap { { "operator", "Exists" } } } },
            { "securityContext", new YamlMap { { "seccompProfile", new YamlMap { { "type", "RuntimeDefault" } } } } },
            { "containers", new object[] { Container(request, folders) } },
            { "volumes", folders.Length == 0 ? null : folders.Select(folder => (object)new YamlMap { { "name", folder.Name }, { "hostPath", new YamlMap { { "path", folder.Path }, { "type", "Directory" } } } }).ToArray() },
        };
    }

    private static YamlMap Container(DeploymentRequest request, (string Name, string Path)[] folders) => new()
    {
        { "name", request.Name },
        { "image", request.Image },
        { "imagePullPolicy", "IfNotPresent" },
        { "args", new object[] { "--metric-listen", request.MetricListen }.Concat(request.Arguments).ToArray() },
        {
            "env", new object[]
            {
                new YamlMap { { "name", "BEE_METRIC_TOKEN" }, { "valueFrom", new YamlMap { { "secretKeyRef", new YamlMap { { "name", SecretOf(request) }, { "key", TokenKey } } } } } },
            }
        },
        { "ports", new object[] { new YamlMap { { "name", MetricsPort }, { "containerPort", request.MetricPort }, { "protocol", "TCP" } } } },
        {
            "securityContext", new YamlMap
            {
                // tracefs belongs to root. The capabilities still limit the process.
                { "runAsUser", 0 },
                { "runAsGroup", 0 },
                { "privileged", false },
                { "allowPrivilegeEscalation", false },
                { "readOnlyRootFilesystem", true },
                {
                    "capabilities", new YamlMap
                    {
                        { "drop", new object[] { "ALL" } },
                        { "add", request.Capabilities.Select(name => (object)(name.StartsWith("CAP_", StringComparison.Ordinal) ? name[4..] : name)).ToArray() },
                    }
                },
            }
        },
        { "startupProbe", Probe("/readyz", period: 1, failures: 60) },
        { "livenessProbe", Probe("/healthz", period: 10, failures: 3) },
        { "readinessProbe", Probe("/readyz", period: 10, failures: 1) },
        {
            "resources", new YamlMap
            {
                { "requests", new YamlMap { { "cpu", "50m" }, { "memory", "128Mi" } } },
                { "limits", new YamlMap { { "cpu", "1" }, { "memory", "512Mi" } } },
            }
        },
        {
            "volumeMounts", folders.Length == 0 ? null : folders.Select(folder => (object)new YamlMap
            {
                { "name", folder.Name },
                { "mountPath", folder.Path },
                { "readOnly", folder.Path == "/sys/fs/bpf" ? null : true },
            }).ToArray()
        },
    };

    private static YamlMap Probe(string path, int period, int failures) => new()
    {
        { "httpGet", new YamlMap { { "path", path }, { "port", MetricsPort } } },
        { "periodSeconds", period },
        { "timeoutSeconds", 2 },
        { "failureThreshold", failures },
    };

    private static YamlMap Monitor(DeploymentRequest request, string? space) => new()
    {
        { "apiVersion", "monitoring.coreos.com/v1" },
        { "kind", "PodMonitor" },
        { "metadata", Metadata(request, space) },
        {
            "spec", new YamlMap
            {
                { "selector", new YamlMap { { "matchLabels", Selector(request) } } },
                {
                    "podMetricsEndpoints", new object[]
                    {
                        new YamlMap
                        {
                            { "port", MetricsPort },
                            { "path", "/metrics" },
                            { "authorization", new YamlMap { { "type", "Bearer" }, { "credentials", new YamlMap { { "name", SecretOf(request) }, { "key", TokenKey } } } } },
                        },
                    }
                },
            }
        },
    };

    private static string SecretOf(DeploymentRequest request) => $"{request.Name}-metrics";

    private static YamlMap Metadata(DeploymentRequest request, string? space) => new() { { "name", request.Name }, { "namespace", space }, { "labels", Labels(request) } };

    private static YamlMap Selector(DeploymentRequest request) => new() { { "app.kubernetes.io/name", request.Name }, { "app.kubernetes.io/part-of", "bee" } };

    private static YamlMap Labels(DeploymentRequest request)
    {
        YamlMap labels = Selector(request);
        labels.Add("app.kubernetes.io/managed-by", "bee");
        labels.Add("app.kubernetes.io/version", request.Version is { Length: > 0 and <= 63 } version && version.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_') ? version : null);
        return labels;
    }
}

/// <summary>A YAML mapping in output order. Keys with a null value are omitted.</summary>
internal sealed class YamlMap : List<(string Key, object? Value)>
{
    /// <summary>Adds a key.</summary>
    public void Add(string key, object? value) => Add((key, value));
}

/// <summary>Writes YAML 1.2 in block style: mappings, sequences, text, integers and booleans. Text that could be read as another type is quoted as in JSON.</summary>
internal static class YamlWriter
{
    // YAML 1.1, which kubectl still reads, parses these as booleans or null.
    private static readonly HashSet<string> s_words = new(StringComparer.OrdinalIgnoreCase) { "true", "false", "yes", "no", "on", "off", "y", "n", "null" };

    /// <summary>Returns documents, each after a line of dashes.</summary>
    public static string Documents(IEnumerable<YamlMap> documents)
    {
        var text = new StringBuilder();
        foreach (YamlMap document in documents)
        {
            text.Append("---\n");
            Map(text, document, 0, isItem: false);
        }

        return text.ToString();
    }

    private static void Map(StringBuilder text, YamlMap map, int indent, bool isItem)
    {
        foreach ((string key, object? value) in map)
        {
            if (value is null)
            {
                continue;
            }

            text.Append(isItem ? "" : new string(' ', indent)).Append(Scalar(key)).Append(':');
            isItem = false;
            Value(text, value, indent);
        }
    }

    private static void Value(StringBuilder text, object value, int indent)
    {
        switch (value)
        {
            case YamlMap { Count: 0 }:
                text.Append(" {}\n");
                break;
            case YamlMap map:
                text.Append('\n');
                Map(text, map, indent + 2, isItem: false);
                break;
            case IReadOnlyCollection<object> { Count: 0 }:
                text.Append(" []\n");
                break;
            case IReadOnlyCollection<object> items:
                text.Append('\n');
                foreach (object item in items)
                {
                    text.Append(' ', indent + 2).Append("- ");
                    if (item is YamlMap map)
                    {
                        Map(text, map, indent + 4, isItem: true);
                    }
                    else
                    {
                        text.Append(Scalar(item)).Append('\n');
                    }
                }

                break;
            default:
                text.Append(' ').Append(Scalar(value)).Append('\n');
                break;
        }
    }

    private static string Scalar(object value) => value switch
    {
        bool truth => truth ? "true" : "false",
        int number => number.ToString(CultureInfo.InvariantCulture),
        string plain when IsPlain(plain) => plain,
        string other => $"\"{JsonEncodedText.Encode(other)}\"",
        _ => throw new ArgumentException($"A value of type {value.GetType()} cannot be written as a YAML scalar.", nameof(value)),
    };

    private static bool IsPlain(string text) =>
        text.Length > 0 && (char.IsAsciiLetter(text[0]) || text[0] == '/') && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or '/') && !s_words.Contains(text);
}
