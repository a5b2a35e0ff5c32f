using System.Collections;
using System.Globalization;
using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Completion;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Programs;
using Bee.Cmdlets.Sessions;
using Bee.Cmdlets.Tools;
using Bee.Ebpf.Checks;
using Bee.Ebpf.Host;
using Bee.Ebpf.Objects;
using Bee.Oci.Formats;
using Bee.Oci.Store;
using Bee.Posix;
using Bee.Toolchain.Deployments;

namespace Bee.Cmdlets.Deployments;

/// <summary>Writes what runs a tool with the least rights: a DaemonSet of Kubernetes, or a unit of systemd.</summary>
[Cmdlet(VerbsCommon.New, "BeeDeployment", SupportsShouldProcess = true, DefaultParameterSetName = "Image")]
[OutputType(typeof(string), typeof(FileInfo))]
public sealed class NewDeploymentCommand : ProgramCmdlet
{
    private const int DefaultPort = 9435;

    /// <summary>What to write: DaemonSet, for a container that New-BeeContainer made, or Systemd, for an eBPF image.</summary>
    [Parameter(Mandatory = true)]
    public DeploymentKind Kind { get; set; }

    /// <summary>The workload's name. Without it the tool's.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? Name { get; set; }

    /// <summary>The namespace of Kubernetes. Without it that of the client.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? Namespace { get; set; }

    /// <summary>Values for the tool's parameters, by name.</summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public IDictionary? Parameter { get; set; }

    /// <summary>Further arguments for the entry point, such as --map, print_opens.</summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[] ArgumentList { get; set; } = [];

    /// <summary>The address for metrics, health and readiness. Without it port 9435: of all addresses in a pod, and of 127.0.0.1 in a unit.</summary>
    [Parameter]
    [ValidatePattern(@":\d{1,5}$")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? MetricListen { get; set; }

    /// <summary>The file to write. Without it the text goes to the pipeline.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? OutFile { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => Guard(Target, () =>
    {
        Image image = Tools.FindImage(Program, Image) ?? throw new BeeInputException("NotAnImage", $"'{Program}' is a file, and a deployment names an image.", $"Invoke-BeeBuild {Program} makes an image.");
        Tools.Check(image);
        if (Name is { } name && !DeploymentRequest.IsName(name))
        {
            throw new BeeInputException("BadName", $"'{name}' is not a name for a workload: lower-case letters, digits and dashes, 63 at most.");
        }

        string text = Kind == DeploymentKind.DaemonSet ? DaemonSet(image) : Unit(image);
        if (OutFile is null)
        {
            WriteObject(text);
            return;
        }

        string path = FullPath(OutFile);
        OutputFile.Check(path);
        if (ShouldProcess(path, $"Write the {Kind} of {image.Reference}"))
        {
            AtomicFile.Write(path, System.Text.Encoding.UTF8.GetBytes(text));
            WriteObject(InvokeProvider.Item.Get([path], force: true, literalPath: true), enumerateCollection: true);
        }
    });

    private string DaemonSet(Image image)
    {
        if (image.Format != ImageFormat.Container)
        {
            throw new BeeInputException("NotAContainer", $"'{image.Reference}' is not a container that Bee has made, and a DaemonSet runs containers.", "New-BeeContainer makes one around an eBPF image.");
        }

        ImageReference named = ImageReference.TryParse(image.Reference, out ImageReference? reference) && reference.Registry is not null ? reference : throw new BeeInputException(
            "NoRegistry", $"'{image.Reference}' names no registry that a node could fetch it from.", "Name the container with its registry, as in New-BeeContainer opensnoop:v1 -Tag ghcr.io/me/opensnoop-container:v1, and publish it.");
        IReadOnlyDictionary<string, string> labels = image.Labels;
        return DaemonSetManifest.Write(
            Request(image, $"{named.Name}@{image.Digest}", ImageNames.ShortName(labels.GetValueOrDefault(ContainerLabels.ToolReference) ?? image.Reference), "0.0.0.0") with
            {
                Capabilities = CountsRuns ? [.. Items(labels, ContainerLabels.Capabilities).Union([CapabilityNeed.NameOf(Capability.SysAdmin)])] : Items(labels, ContainerLabels.Capabilities),
                Folders = Items(labels, ContainerLabels.Mounts),
                NeedsHostNetwork = labels.GetValueOrDefault(ContainerLabels.HostNetwork) == "true",
            },
            Namespace);
    }

    private string Unit(Image image)
    {
        if (image.Format == ImageFormat.Container)
        {
            throw new BeeInputException(
                "NotAProgram", $"'{image.Reference}' is a container, and a unit runs an eBPF image without a container engine.", $"Name the image in it: {image.Labels.GetValueOrDefault(ContainerLabels.ToolReference)}.");
        }

        ObjectFile file = Tools.FromImage(image).File;
        // A wrong name or value would otherwise show when the unit starts.
        ObjectNames.Parameters(Parameter, file);
        var needs = ToolNeeds.Of(file, CountsRuns);
        string folder = Path.GetDirectoryName(typeof(NewDeploymentCommand).Assembly.Location)!;
        string shell = Environment.ProcessPath ?? "/usr/bin/pwsh";
        // Where PowerShell is a .NET tool the process is dotnet, and the session a file.
        string[] start = Path.GetFileName(shell) == "dotnet" && Environment.GetCommandLineArgs() is [var library, ..] && library.EndsWith(".dll", StringComparison.Ordinal) ? [shell, library] : [shell];
        if (MetricListen is not null && !SystemdUnit.IsLoopback(MetricListen))
        {
            WriteWarning($"Other machines reach {MetricListen}: the unit takes the token of its metrics from {SystemdUnit.TokenFile(Name ?? DeploymentRequest.NameOf(ImageNames.ShortName(image.Reference)))}, a file of root's with the line BEE_METRIC_TOKEN=TOKEN.");
        }

        string digested = ImageReference.TryParse(image.Reference, out ImageReference? reference) && reference.Registry is not null ? $"{reference.Name}@{image.Digest}" : image.Digest;
        return SystemdUnit.Write(
            Request(image, digested, ImageNames.ShortName(image.Reference), "127.0.0.1") with
            {
                Capabilities = [.. needs.Capabilities.Select(need => need.Name)],
                Folders = needs.Folders,
                NeedsHostNetwork = needs.NeedsHostNetwork,
            },
            [.. start, "-NoProfile", "-NonInteractive", "-File", Path.Combine(folder, "bee-run.ps1")],
            image.Store);
    }

    private DeploymentRequest Request(Image image, string digested, string tool, string address) => new()
    {
        Name = Name ?? DeploymentRequest.NameOf(tool),
        Image = digested,
        Description = image.Description,
        Version = image.Tag,
        Architecture = image.Platforms is [var only] ? only.Architecture : null,
        Arguments = [.. Parameters(), .. ArgumentList],
        Capabilities = [],
        MetricListen = MetricListen ?? string.Create(CultureInfo.InvariantCulture, $"{address}:{DefaultPort}"),
    };

    // A container's labels tell what its tool needs, and not what it is run with.
    private bool CountsRuns => ToolArguments.Read(ArgumentList, new Hashtable(), new CmdletInfo("Invoke-BeeProgram", typeof(InvokeProgramCommand)).Parameters.Values) is { Values: var given }
        && (given.Contains(nameof(RunCmdlet.MaxOverhead)) || given.Contains(nameof(RunCmdlet.Statistics)));

    private IEnumerable<string> Parameters()
    {
        foreach (DictionaryEntry parameter in Parameter ?? new Hashtable())
        {
            yield return "--parameter";
            yield return string.Format(CultureInfo.InvariantCulture, "{0}={1}", parameter.Key, parameter.Value);
        }
    }

    private static string[] Items(IReadOnlyDictionary<string, string> labels, string key) => labels.GetValueOrDefault(key)?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
}

/// <summary>What New-BeeDeployment writes.</summary>
public enum DeploymentKind
{
    /// <summary>A DaemonSet of Kubernetes, which runs a container on every node.</summary>
    DaemonSet,

    /// <summary>A unit of systemd, which runs an image on this machine.</summary>
    Systemd,
}
