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

/// <summary>Makes a runnable container image around an eBPF image, without a container engine.</summary>
[Cmdlet(VerbsCommon.New, "BeeContainer", SupportsShouldProcess = true, DefaultParameterSetName = "Image")]
[OutputType(typeof(Image))]
public sealed class NewContainerCommand : ProgramCmdlet
{
    /// <summary>The reference of the base that ./build.sh container puts into the store.</summary>
    internal const string DefaultBase = "bee-base:latest";

    private readonly HashSet<string> _written = [];

    /// <summary>The container's reference.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [WithoutLogin]
    public string Tag { get; set; } = string.Empty;

    /// <summary>The container image with Bee in it that the container is made on. bee-base:latest by default, which ./build.sh container puts into the store.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [WithoutLogin]
    public string Base { get; set; } = DefaultBase;

    /// <summary>The platforms to make it for, such as linux/amd64 and linux/arm64. Without it all that both images have.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    public string[] Platform { get; set; } = [];

    /// <summary>Further labels for the container's configuration: a hashtable of names and values.</summary>
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
            "NotAnImage", $"'{Program}' is a file, and a container is made around an image.", $"Invoke-BeeBuild {Program} makes an image.");
        Tools.Check(tool);
        if (tool.Format == ImageFormat.Container)
        {
            throw new BeeInputException("NotAnImage", $"'{tool.Reference}' is a container already.", "Name the eBPF image in it.");
        }

        if (!_written.Add(name.ToString()))
        {
            throw new BeeInputException("SameTarget", $"Another input of this pipeline has the name {name} already.", "Make one container for each -Tag.");
        }

        var needs = ToolNeeds.Of(Tools.FromImage(tool).File);
        Image lower = FindBase();
        if (!ShouldProcess($"{tool.Reference} on {lower.Reference} as {name}", "Make container"))
        {
            return;
        }

        WriteObject(new ContainerBuilder(Stores).Build(new ContainerRequest(tool, lower) { Platforms = platforms, Labels = Labels(needs) }, name));
    });

    // A base that was built here is local; another one is in a registry.
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
                $"The base '{Base}' is not in {Stores.Own.Path}.",
                "In Bee's sources, ./build.sh container builds it and puts it into the store; -Base names another one, of the store or of a registry.");
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
