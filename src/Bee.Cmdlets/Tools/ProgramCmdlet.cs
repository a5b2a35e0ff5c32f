using System.Collections;
using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Registries;
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
    [OneProgram]
    public string Program { get; set; } = string.Empty;

    /// <summary>An image, as Get-BeeImage and Invoke-BeeBuild give it.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Image", ValueFromPipeline = true)]
    [ValidateNotNull]
    [OneProgram]
    public Image? Image { get; set; }

    /// <summary>When an image is fetched from its registry. Missing by default: when it is not there.</summary>
    [Parameter]
    public PullPolicy Pull { get; set; } = PullPolicy.Missing;

    /// <summary>Folders with headers for a source; empty for a cmdlet that takes no source.</summary>
    private protected virtual string[] Includes => [];

    /// <summary>The types of records that the user gives; null for none, and in cmdlets that take none.</summary>
    private protected virtual IDictionary? RecordTypes => null;

    /// <summary>What was given, for error records.</summary>
    private protected object Target => Image is null ? Program : Image;

    /// <summary>What finds the tool that was given.</summary>
    private protected ToolResolver Tools => _tools ??= new ToolResolver(Local, Link, Puller, Verifier, new SourceCompiler(this), this, this)
    {
        Pull = Pull,
        IncludePath = [.. Includes.Select(FullPath)],
        RecordTypes = RecordTypeNames.From(RecordTypes),
    };
}

/// <summary>A cmdlet that takes images into the store, or runs them: only those that the policies let pass, and that are signed where a signature is asked for.</summary>
public abstract class VerifyingCmdlet : RegistryCmdlet
{
    private LocalImages? _local;
    private ImageVerifier? _verifier;
    private ImagePuller? _puller;

    /// <inheritdoc cref="StoreCmdlet.Store"/>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Store { get; set; }

    /// <summary>Files with public keys (PEM), of which one has to have signed the image.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] PublicKey { get; set; } = [];

    /// <summary>Refuses what has no valid signature. Without -PublicKey the keys that the policy has for the image count.</summary>
    [Parameter]
    public SwitchParameter RequireSignature { get; set; }

    /// <summary>A policy file in place of the user's own. The administrator's, /etc/bee/policy.json, applies as well.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Policy { get; set; }

    /// <summary>The local images.</summary>
    private protected LocalImages Local => _local ??= new LocalImages(this, this, Store);

    /// <summary>The stores that are read from; the first is the one that is written to.</summary>
    private protected ImageStores Stores => Local.Stores;

    /// <summary>What decides over images.</summary>
    private protected ImageVerifier Verifier => _verifier ??= new ImageVerifier(Local, Link, this, () => new VerificationOptions
    {
        Policy = Policy is null ? null : FullPath(Policy),
        PublicKeys = [.. PublicKey.Select(FullPath)],
        RequireSignature = RequireSignature,
    });

    /// <summary>What pulls images that pass.</summary>
    private protected ImagePuller Puller => _puller ??= new ImagePuller(Link, Local, Verifier, this);
}
