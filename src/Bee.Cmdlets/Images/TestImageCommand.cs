using System.Collections;
using System.Management.Automation;
using Bee.Cmdlets.Tools;
using Bee.Ebpf.Checks;
using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Oci.Store;
using Bee.Oci.Trust;

namespace Bee.Cmdlets.Images;

/// <summary>Checks an image's digests, and whether a kernel can run its program, without loading it.</summary>
[Cmdlet(VerbsDiagnostic.Test, "BeeImage")]
[OutputType(typeof(CheckResult), typeof(bool))]
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

    /// <summary>Returns only true or false: whether no check failed.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    private protected override string[] Includes => IncludePath;

    private protected override IDictionary? RecordTypes => RecordType;

    private TargetKernel Kernel => _kernel ??= KernelBtf is null ? TargetKernel.Running() : TargetKernel.FromFile(FullPath(KernelBtf));

    /// <inheritdoc/>
    protected override void ProcessRecord() => Guard(Target, () =>
    {
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

        if (image is null)
        {
            return ImageChecks.OfSignature(Program, VerifyFile).Concat(OfProgram(Program, () => Tools.FromFile(FullPath(Program))));
        }

        IReadOnlyCollection<BlobCheck> blobs = Stores.Verify(image);
        IEnumerable<CheckResult> results = ImageChecks.OfImage(image, blobs, isOther: KernelBtf is not null).Concat(ImageChecks.OfSignature(image.Reference, () => Verifier.Verify(image).Reasons));
        bool isWhole = image.Program is { } program && blobs.All(blob => blob.Fault is null || blob.Descriptor.Digest.ToString() != program.Digest);
        return isWhole ? results.Concat(OfProgram(image.Reference, () => Tools.FromImage(image))) : results;
    }

    private IReadOnlyList<string> VerifyFile()
    {
        Verifier.RefuseIfRequired($"the file {Program}");
        return [];
    }

    // A program that cannot be read is a result, not an error record.
    private IEnumerable<CheckResult> OfProgram(string origin, Func<Tool?> read)
    {
        TargetKernel kernel = Kernel;
        try
        {
            return read() is { } tool ? ImageChecks.OfTool(tool, kernel, (program, path) => tool.ResolveTarget(program, path, isGiven: false, this)) : [];
        }
        catch (BpfObjectException fault)
        {
            return [ImageChecks.Damaged(origin, fault)];
        }
    }
}
