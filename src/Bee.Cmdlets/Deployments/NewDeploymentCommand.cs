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
using Bee.Ebpf.Records;
using Bee.Oci.Formats;
using Bee.Oci.Store;
using Bee.Posix;
using Bee.Toolchain.Deployments;

namespace Bee.Cmdlets.Deployments;

/// <summary>Writes a Kubernetes DaemonSet or a systemd unit that runs a tool with the least privileges.</summary>
[Cmdlet(VerbsCommon.New, "BeeDeployment", SupportsShouldProcess = true, DefaultParameterSetName = "Image")]
[OutputType(typeof(string), typeof(FileInfo))]
public sealed class NewDeploymentCommand : ProgramCmdlet
{
    private const int DefaultPort = 9435;

    /// <summary>The kind of deployment: DaemonSet, for a container from New-BeeContainer, or Systemd, for an eBPF image.</summary>
    [Parameter(Mandatory = true)]
    public DeploymentKind Kind { get; set; }

    /// <summary>The workload's name. By default the tool's name.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? Name { get; set; }

    /// <summary>The Kubernetes namespace. By default the namespace of the client that applies the manifest.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? Namespace { get; set; }

    /// <summary>Values for the tool's parameters, by name.</summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public IDictionary? Parameter { get; set; }

    /// <summary>Additional arguments for the entry point, such as --map, print_opens.</summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[] ArgumentList { get; set; } = [];

    /// <summary>The address for metrics, health and readiness. By default port 9435: on all addresses in a pod, and on 127.0.0.1 in a unit.</summary>
    [Parameter]
    [ValidatePattern(@":\d{1,5}$")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? MetricListen { get; set; }

    /// <summary>The output file. By default the text goes to the pipeline.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? OutFile { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => Guard(Target, () =>
    {
        Image image = Tools.FindImage(Program, Image) ?? throw new BeeInputException("NotAnImage", $"'{Program}' is a file, but a deployment needs an image.", $"Build one with Invoke-BeeBuild {Program}.");
        Tools.Check(image);
        if (Name is { } name && !DeploymentRequest.IsName(name))
        {
            throw new BeeInputException("BadName", $"'{name}' is not a valid workload name. Use lower-case letters, digits and dashes, 63 characters at most.");
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
            throw new BeeInputException("NotAContainer", $"'{image.Reference}' was not made by New-BeeContainer, and a DaemonSet runs containers only.", "Build a container from the eBPF image with New-BeeContainer.");
        }

        ImageReference named = ImageReference.TryParse(image.Reference, out ImageReference? reference) && reference.Registry is not null ? reference : throw new BeeInputException(
            "NoRegistry", $"'{image.Reference}' has no registry in its name, so no node can pull it.", "Include the registry in the tag, as in New-BeeContainer opensnoop:v1 -Tag ghcr.io/me/opensnoop-container:v1, and publish the container.");
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
                "NotAProgram", $"'{image.Reference}' is a container, but a systemd unit runs an eBPF image directly.", $"Name the eBPF image in it: {image.Labels.GetValueOrDefault(ContainerLabels.ToolReference)}.");
        }

        ObjectFile file = Tools.FromImage(image).File;
        // Reports a wrong name or value now. Otherwise the unit would fail when it starts.
        file.BindParameters(ObjectNames.Parameters(Parameter, file));
        var needs = ToolNeeds.Of(file, CountsRuns);
        string folder = Path.GetDirectoryName(typeof(NewDeploymentCommand).Assembly.Location)!;
        string shell = Environment.ProcessPath ?? "/usr/bin/pwsh";
        // If PowerShell is a .NET tool, the process is dotnet and its first argument is the assembly of pwsh.
        string[] start = Path.GetFileName(shell) == "dotnet" && Environment.GetCommandLineArgs() is [var library, ..] && library.EndsWith(".dll", StringComparison.Ordinal) ? [shell, library] : [shell];
        if (MetricListen is not null && !SystemdUnit.IsLoopback(MetricListen))
        {
            WriteWarning($"Other machines can reach {MetricListen}, so the unit reads a token for its metrics from {SystemdUnit.TokenFile(Name ?? DeploymentRequest.NameOf(ImageNames.ShortName(image.Reference)))}. Create that file, owned by root, with the line BEE_METRIC_TOKEN=TOKEN.");
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

    // A container's labels describe what the tool needs, but not the arguments that it is run with.
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

/// <summary>The kinds of deployment that New-BeeDeployment writes.</summary>
public enum DeploymentKind
{
    /// <summary>A Kubernetes DaemonSet, which runs a container on every node.</summary>
    DaemonSet,

    /// <summary>A systemd unit, which runs an image on this machine.</summary>
    Systemd,
}
