namespace Bee.Architecture.Tests;

/// <summary>The house: the assemblies, lowest first, and the namespaces of each, lowest first. A namespace uses only those before it.</summary>
public static class Layers
{
    /// <summary>By assembly.</summary>
    public static IReadOnlyDictionary<string, string[]> Namespaces { get; } = new Dictionary<string, string[]>
    {
        ["Bee.Posix"] = ["Bee.Posix"],
        ["Bee.Ebpf"] =
        [
            "Bee.Ebpf.Interop", "Bee.Ebpf.Elf", "Bee.Ebpf.Btf", "Bee.Ebpf.Metadata", "Bee.Ebpf.Objects", "Bee.Ebpf.Symbols", "Bee.Ebpf.Host", "Bee.Ebpf.CoRe",
            "Bee.Ebpf.Records", "Bee.Ebpf.Maps", "Bee.Ebpf.Programs", "Bee.Ebpf.Links", "Bee.Ebpf.Events", "Bee.Ebpf.Packing", "Bee.Ebpf.Checks", "Bee.Ebpf",
        ],
        ["Bee.Containers"] = ["Bee.Containers.Cgroups", "Bee.Containers.Runtimes", "Bee.Containers.Kubernetes", "Bee.Containers.Recording", "Bee.Containers"],
        ["Bee.Oci"] =
        [
            "Bee.Oci.Formats", "Bee.Oci.Repositories", "Bee.Oci.Store",
            "Bee.Oci.Registry", "Bee.Oci.Registry.Transport", "Bee.Oci.Registry.Authentication", "Bee.Oci.Registry.Client", "Bee.Oci.Registry.Settings",
            "Bee.Oci.Transfer", "Bee.Oci.Containers", "Bee.Oci.Signatures.Keys", "Bee.Oci.Signatures.Layouts", "Bee.Oci.Signatures", "Bee.Oci.Trust", "Bee.Oci",
        ],
        ["Bee.Oci.Keys"] = ["Bee.Oci.Keys"],
        ["Bee.Telemetry"] =
        [
            "Bee.Telemetry.Metrics", "Bee.Telemetry.Exposition", "Bee.Telemetry.Lines", "Bee.Telemetry.Captures", "Bee.Telemetry.Pictures", "Bee.Telemetry.Collection", "Bee.Telemetry.Serving",
            "Bee.Telemetry.Dashboards",
            "Bee.Telemetry.Logs", "Bee.Telemetry.Delivery", "Bee.Telemetry.Otlp", "Bee.Telemetry.Journal", "Bee.Telemetry.Syslog", "Bee.Telemetry",
        ],
        ["Bee.Terminal"] = ["Bee.Terminal.Keys", "Bee.Terminal.Screens", "Bee.Terminal.Frames", "Bee.Terminal.Devices", "Bee.Terminal.Models", "Bee.Terminal"],
        ["Bee.Toolchain"] =
        [
            "Bee.Toolchain.Isolation", "Bee.Toolchain.Tools", "Bee.Toolchain.Diagnostics", "Bee.Toolchain.Vmlinux", "Bee.Toolchain.Compiling", "Bee.Toolchain.Manifest", "Bee.Toolchain.Skeletons",
            "Bee.Toolchain.Deployments",
        ],
        ["Bee.Isolated"] = ["Bee.Isolated"],
        ["Bee.Cmdlets"] =
        [
            "Bee.Cmdlets.Errors", "Bee.Cmdlets.Views", "Bee.Cmdlets.Live", "Bee.Cmdlets.Base", "Bee.Cmdlets.Completion", "Bee.Cmdlets.Registries", "Bee.Cmdlets.Tools", "Bee.Cmdlets.Fleet",
            "Bee.Cmdlets.Images", "Bee.Cmdlets.Sessions", "Bee.Cmdlets.Maps", "Bee.Cmdlets.Metrics", "Bee.Cmdlets.Events", "Bee.Cmdlets.Programs", "Bee.Cmdlets.Deployments",
            "Bee.Cmdlets.Hosts", "Bee.Cmdlets.Agents",
        ],
    };

    /// <summary>The assemblies that are checked.</summary>
    public static TheoryData<string> Assemblies => [.. Namespaces.Keys];
}
