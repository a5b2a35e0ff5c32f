using System.Collections;
using System.Globalization;
using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Completion;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Tools;
using Bee.Ebpf.Checks;
using Bee.Oci.Containers;
using Bee.Oci.Formats;
using Bee.Oci.Store;

namespace Bee.Cmdlets.Deployments;

/// <summary>Builds a runnable container image from an eBPF image, without a container engine.</summary>
[Cmdlet(VerbsCommon.New, "BeeContainer", SupportsShouldProcess = true, DefaultParameterSetName = "Image")]
[OutputType(typeof(Image))]
public sealed class NewContainerCommand : ProgramCmdlet
{
    /// <summary>The reference of the base image that ./build.sh container writes to the store.</summary>
    internal const string DefaultBase = "bee-base:latest";

    private readonly HashSet<string> _written = [];

    /// <summary>The container's reference.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [WithoutLogin]
    public string Tag { get; set; } = string.Empty;

    /// <summary>The base image, which contains PowerShell and Bee. By default bee-base:latest, which ./build.sh container writes to the store.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [WithoutLogin]
    public string Base { get; set; } = DefaultBase;

    /// <summary>The platforms, such as linux/amd64 and linux/arm64. By default all that both images have.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    public string[] Platform { get; set; } = [];

    /// <summary>Additional labels for the container's configuration: a hashtable of names and values.</summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public IDictionary? Label { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => Guard(Target, () =>
    {
        ImageReference name = ImageReference.Parse(Tag).WithDefaultTag();
        Platform[] platforms = [.. Platform.Select(Bee.Oci.Formats.Platform.Parse).Distinct()];
        Image tool = Tools.FindImage(Program, Image) ?? throw new BeeInputException(
            "NotAnImage", $"'{Program}' is a file, but New-BeeContainer needs an image.", $"Build one with Invoke-BeeBuild {Program}.");
        Tools.Check(tool);
        if (tool.Format == ImageFormat.Container)
        {
            throw new BeeInputException("NotAnImage", $"'{tool.Reference}' is already a container.", "Name the eBPF image in it.");
        }

        if (!_written.Add(name.ToString()))
        {
            throw new BeeInputException("SameTarget", $"Another input of this pipeline was already written as {name}.", "Give each container its own -Tag.");
        }

        var needs = ToolNeeds.Of(Tools.FromImage(tool).File);
        Image lower = FindBase();
        if (!ShouldProcess($"{tool.Reference} on {lower.Reference} as {name}", "Build container"))
        {
            return;
        }

        WriteObject(new ContainerBuilder(Stores).Build(new ContainerRequest(tool, lower) { Platforms = platforms, Labels = Labels(needs) }, name));
    });

    // A base image that was built here is in the store; any other is in a registry.
    private Image FindBase()
    {
        if (Stores.Find(Base) is { } found)
        {
            return found;
        }

        if (!MyInvocation.BoundParameters.ContainsKey(nameof(Base)))
        {
            throw new BeeInputException(
                "BaseNotFound",
                $"The base image '{Base}' is not in {Stores.Own.Path}.",
                "Build it with ./build.sh container in Bee's sources, or name another one with -Base, from the store or a registry.");
        }

        return Pull != PullPolicy.Never && ImageReference.TryParse(Base, out ImageReference? name) && Link.Complete(name) is { Registry: not null } whole
            ? Puller.Pull(whole)
            : throw ImageNames.NotFound(Base, Stores);
    }

    private Dictionary<string, string> Labels(ToolNeeds needs)
    {
        var labels = new Dictionary<string, string>();
        foreach (DictionaryEntry label in Label ?? new Hashtable())
        {
            labels[string.Format(CultureInfo.InvariantCulture, "{0}", label.Key)] = string.Format(CultureInfo.InvariantCulture, "{0}", label.Value);
        }

        labels[ContainerLabels.Capabilities] = string.Join(',', needs.Capabilities.Select(need => need.Name));
        labels[ContainerLabels.Mounts] = string.Join(',', needs.Folders);
        labels[ContainerLabels.HostNetwork] = needs.NeedsHostNetwork ? "true" : "false";
        return labels;
    }
}
