using System.Collections;
using System.Management.Automation;
using Bee.Cmdlets.Completion;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Fleet;
using Bee.Cmdlets.Tools;
using Bee.Ebpf.Checks;
using Bee.Ebpf.Host;
using Bee.Oci.Store;
using Bee.Oci.Trust;

namespace Bee.Cmdlets.Images;

/// <summary>Checks an image's digests, and whether this kernel, another one or those of other hosts can run its program, without loading it.</summary>
[Cmdlet(VerbsDiagnostic.Test, "BeeImage")]
[OutputType(typeof(CheckResult), typeof(HostImageCheck), typeof(bool))]
public sealed class TestImageCommand : ProgramCmdlet
{
    private TargetKernel? _kernel;

    /// <summary>Creates the cmdlet. A check changes nothing, so by default it does not pull.</summary>
    public TestImageCommand() => Pull = PullPolicy.Never;

    /// <summary>A file with another kernel's BTF: a copy of its /sys/kernel/btf/vmlinux, or a vmlinux with debug information. By default the running kernel is checked.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? KernelBtf { get; set; }

    /// <summary>Include folders for a C file, searched before those in its bee.yaml.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] IncludePath { get; set; } = [];

    /// <summary>
    /// The C types of records that no declaration names: a hashtable that maps ring buffers, perf buffers and iterators to structs.
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(RecordTypeCompleter))]
    public IDictionary? RecordType { get; set; }

    /// <summary>Returns only true or false: whether no check failed, on any host.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <summary>
    /// The hosts to check the image on, by ssh: host, user@host, host:port or user@host:port. The image is resolved here and sent to them. Returns one object for each host. Without this parameter, this machine is
    /// checked.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[]? HostName { get; set; }

    /// <summary>The user on the hosts, for those without one in -HostName.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? UserName { get; set; }

    /// <summary>The port of ssh on the hosts, for those without one in -HostName.</summary>
    [Parameter]
    [ValidateRange(1, ushort.MaxValue)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int? Port { get; set; }

    /// <summary>The file of the private key for the hosts. By default ssh chooses it.</summary>
    [Parameter]
    [Alias("IdentityFilePath")]
    [ValidateNotNullOrEmpty]
    public string? KeyFilePath { get; set; }

    /// <summary>Options of ssh: a hashtable of names and values as in ssh_config.</summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public IDictionary? Options { get; set; }

    /// <summary>The path of pwsh on the hosts. By default the environment variable BEE_REMOTE_PWSH, or else the pwsh on their PATH.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? PwshPath { get; set; }

    /// <summary>Starts PowerShell on the hosts with sudo, as root. sudo must not ask for a password there.</summary>
    [Parameter]
    public SwitchParameter Sudo { get; set; }

    /// <summary>How many hosts are checked at the same time.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int ThrottleLimit { get; set; } = SshOptions.DefaultThrottle;

    /// <summary>The folder of this module on the hosts. By default the environment variable BEE_REMOTE_MODULE, or else the module Bee of their module path.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? ModulePath { get; set; }

    private protected override string[] Includes => IncludePath;

    private protected override IDictionary? RecordTypes => RecordType;

    private TargetKernel Kernel => _kernel ??= KernelBtf is null ? TargetKernel.Running() : TargetKernel.FromFile(FullPath(KernelBtf));

    /// <inheritdoc/>
    protected override void ProcessRecord() => Guard(Target, () =>
    {
        if (HostName is { } hosts)
        {
            CheckOn(hosts);
            return;
        }

        if (Quiet)
        {
            WriteObject(Check().All(result => result.State != CheckState.Failed));
            return;
        }

        foreach (CheckResult result in Check())
        {
            Stop.ThrowIfCancellationRequested();
            WriteObject(result);
        }
    });

    private void CheckOn(string[] names)
    {
        if (KernelBtf is not null)
        {
            throw new BeeInputException("ParametersExclude", "-KernelBtf is the kernel of another machine, and -HostName checks the kernels of the hosts.", "Omit one of them.");
        }

        // Before anything is pulled or compiled.
        HostAddress[] hosts = [.. names.Select(HostAddress.Parse).DistinctBy(host => host.Name)];
        var ssh = SshOptions.From(UserName, Port, KeyFilePath is null ? null : FullPath(KeyFilePath), Options, PwshPath, ModulePath) with { Sudo = Sudo, Throttle = ThrottleLimit };
        if (CheckEach(hosts, ssh) is not { } rows)
        {
            return;
        }

        bool hasPassed = true;
        foreach (HostImageCheck row in rows)
        {
            hasPassed &= row.State != CheckState.Failed;
            if (!Quiet)
            {
                WriteObject(row);
            }
        }

        if (Quiet)
        {
            WriteObject(hasPassed);
        }
    }

    // Returns null if the source does not compile, which has been reported.
    private IEnumerable<HostImageCheck>? CheckEach(HostAddress[] hosts, SshOptions ssh)
    {
        string name = Image?.Reference ?? Program;
        try
        {
            return ToolArchive.Of(Tools, Local, Verifier, Program, Image, FullPath) is { } archive
                ? new HostImageChecks(name, archive.Bytes, new Dictionary<string, object?> { [RunParameters.RecordType] = RecordType }, ssh, this).Run(hosts)
                : null;
        }
        catch (TrustException refused)
        {
            // The hosts do not get the image.
            CheckResult result = ImageChecks.Refused(name, refused);
            return hosts.Select(host => new HostImageCheck(host.Name, name, [result]));
        }
    }

    private IEnumerable<CheckResult> Check()
    {
        Image? image;
        try
        {
            image = Tools.FindImage(Program, Image);
        }
        catch (TrustException refused)
        {
            // The image was to be pulled, but is not trusted.
            return [ImageChecks.Refused(Program, refused)];
        }

        return image is null
            ? ImageChecks.OfSignature(Program, VerifyFile).Concat(ImageChecks.OfProgram(Program, () => Tools.FromFile(FullPath(Program)), Kernel, this))
            : ImageChecks.Run(image, Stores, Verifier, () => Tools.FromImage(image), Kernel, isOther: KernelBtf is not null, this);
    }

    private IReadOnlyList<string> VerifyFile()
    {
        Verifier.RefuseIfRequired($"the file {Program}");
        return [];
    }
}
