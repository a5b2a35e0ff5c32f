using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Oci.Store;

namespace Bee.Cmdlets.Tools;

/// <summary>A cmdlet that takes a program: an image, an object file, or a C file that is compiled first.</summary>
public abstract class ProgramCmdlet : VerifyingCmdlet
{
    private ToolResolver? _tools;

    /// <summary>An image's reference, short name or digest, or the path of a .o or .c file, or of a folder with one C file.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Program", ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName", "Path", "PSPath")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageOrFileCompleter))]
    [WithoutLogin(OrPath = true)]
    public string Program { get; set; } = string.Empty;

    /// <summary>An image, as Get-BeeImage and Invoke-BeeBuild give it.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Image", ValueFromPipeline = true)]
    [ValidateNotNull]
    public Image? Image { get; set; }

    /// <summary>When an image is fetched from its registry. Missing by default: when it is not there.</summary>
    [Parameter]
    public PullPolicy Pull { get; set; } = PullPolicy.Missing;

    /// <summary>What was given, for error records.</summary>
    private protected object Target => Image is null ? Program : Image;

    /// <summary>What finds the tool that was given.</summary>
    private protected ToolResolver Tools => _tools ??= new ToolResolver(Local, Link, Puller, Verifier, new SourceCompiler(this), this, this) { Pull = Pull };
}
