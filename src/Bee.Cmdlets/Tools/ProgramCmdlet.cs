using System.Collections;
using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Registries;
using Bee.Oci.Store;

namespace Bee.Cmdlets.Tools;

/// <summary>The base of cmdlets that accept a tool: an image, an object file, or a C file that is compiled first.</summary>
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

    /// <summary>An image from Get-BeeImage or Invoke-BeeBuild.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Image", ValueFromPipeline = true)]
    [ValidateNotNull]
    [OneProgram]
    public Image? Image { get; set; }

    /// <summary>When to pull the image from its registry. By default (Missing), if it is not in the local store.</summary>
    [Parameter]
    public PullPolicy Pull { get; set; } = PullPolicy.Missing;

    /// <summary>Include folders for a source; empty for cmdlets without sources.</summary>
    private protected virtual string[] Includes => [];

    /// <summary>The record types from the user, or null.</summary>
    private protected virtual IDictionary? RecordTypes => null;

    /// <summary>The input, for error records.</summary>
    private protected object Target => Image is null ? Program : Image;

    /// <summary>Resolves the input to a tool.</summary>
    private protected ToolResolver Tools => _tools ??= new ToolResolver(Local, Link, Puller, Verifier, new SourceCompiler(this), this, this)
    {
        Pull = Pull,
        IncludePath = [.. Includes.Select(FullPath)],
        RecordTypes = RecordTypeNames.From(RecordTypes),
    };
}

/// <summary>The base of cmdlets that store or run images: only those that the policies allow and, if a signature is required, that have a valid one.</summary>
public abstract class VerifyingCmdlet : RegistryCmdlet
{
    private LocalImages? _local;
    private ImageVerifier? _verifier;
    private ImagePuller? _puller;

    /// <inheritdoc cref="StoreCmdlet.Store"/>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Store { get; set; }

    /// <summary>Files with public keys (PEM). One of the keys must have signed the image.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] PublicKey { get; set; } = [];

    /// <summary>Refuses images without a valid signature. Without -PublicKey, the policy's keys for the image apply.</summary>
    [Parameter]
    public SwitchParameter RequireSignature { get; set; }

    /// <summary>A policy file that replaces the user's own. The administrator's policy, /etc/bee/policy.json, still applies.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Policy { get; set; }

    /// <summary>The local images.</summary>
    private protected LocalImages Local => _local ??= new LocalImages(this, this, Store);

    /// <summary>The stores to read from. The first one is also written to.</summary>
    private protected ImageStores Stores => Local.Stores;

    /// <summary>Verifies images.</summary>
    private protected ImageVerifier Verifier => _verifier ??= new ImageVerifier(Local, Link, this, () => new VerificationOptions
    {
        Policy = Policy is null ? null : FullPath(Policy),
        PublicKeys = [.. PublicKey.Select(FullPath)],
        RequireSignature = RequireSignature,
    });

    /// <summary>Pulls images.</summary>
    private protected ImagePuller Puller => _puller ??= new ImagePuller(Link, Local, Verifier, this);
}
