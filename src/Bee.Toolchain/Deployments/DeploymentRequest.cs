namespace Bee.Toolchain.Deployments;

/// <summary>A tool that is to run on every node, or on this machine, and what it needs there.</summary>
internal sealed record DeploymentRequest
{
    /// <summary>The name of the workload: lower-case letters, digits and dashes, 63 at most.</summary>
    public required string Name { get; init; }

    /// <summary>The image by its digest: <c>ghcr.io/me/opensnoop-container@sha256:…</c>.</summary>
    public required string Image { get; init; }

    /// <summary>What the tool does; null if its author does not say.</summary>
    public string? Description { get; init; }

    /// <summary>The version, such as a tag; null for none.</summary>
    public string? Version { get; init; }

    /// <summary>The processor that the image is for, in Go's naming; null where it is for several.</summary>
    public string? Architecture { get; init; }

    /// <summary>Arguments for the entry point.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>The capabilities by their names: <c>CAP_BPF</c>.</summary>
    public required IReadOnlyList<string> Capabilities { get; init; }

    /// <summary>Folders of the machine that the tool needs.</summary>
    public IReadOnlyList<string> Folders { get; init; } = [];

    /// <summary>Whether the tool attaches to the machine's network interfaces.</summary>
    public bool NeedsHostNetwork { get; init; }

    /// <summary>The address for metrics, health and readiness.</summary>
    public required string MetricListen { get; init; }

    /// <summary>The port of <see cref="MetricListen"/>.</summary>
    public int MetricPort => int.Parse(MetricListen.AsSpan(MetricListen.LastIndexOf(':') + 1), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>A name for a workload made of another name.</summary>
    public static string NameOf(string text)
    {
        string name = new([.. text.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')]);
        name = name.Trim('-');
        return name.Length > 63 ? name[..63].TrimEnd('-') : name;
    }

    /// <summary>Whether a name is one that Kubernetes takes for a workload (RFC 1123, a label).</summary>
    public static bool IsName(string text) => text.Length > 0 && text == NameOf(text) && !text.StartsWith('-');
}
