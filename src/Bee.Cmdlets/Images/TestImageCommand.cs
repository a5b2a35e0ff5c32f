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

    /// <summary>A check changes nothing, so it fetches nothing unless it is told to.</summary>
    public TestImageCommand() => Pull = PullPolicy.Never;

    /// <summary>A file with another kernel's types: a copy of its /sys/kernel/btf/vmlinux, or its vmlinux with debug information. Without it the running kernel is asked.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? KernelBtf { get; set; }

    /// <summary>Folders with headers for a C file, searched before those of its bee.yaml.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] IncludePath { get; set; } = [];

    /// <summary>
    /// The C types of records that no declaration names: a hashtable of names of ring buffers, perf buffers and iterators, and of structs.
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(RecordTypeCompleter))]
    public IDictionary? RecordType { get; set; }

    /// <summary>Gives only whether nothing failed.</summary>
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
            // It was to be fetched, and is not.
            return [ImageChecks.Refused(Program, refused)];
        }

        if (image is null)
        {
            return ImageChecks.OfSignature(Program, VerifyFile).Concat(OfProgram(Program, () => Tools.FromFile(FullPath(Program))));
        }

        IReadOnlyCollection<BlobCheck> blobs = Stores.Verify(image);
        IEnumerable<CheckResult> results = ImageChecks.OfImage(image, blobs, isOther: KernelBtf is not null).Concat(ImageChecks.OfSignature(image.Reference, () => Verifier.Verify(image).Reasons));
        bool isWhole = image.Program is { } program && blobs.All(blob => blob.Fault is null || blob.Descriptor.Digest != program.Digest);
        return isWhole ? results.Concat(OfProgram(image.Reference, () => Tools.FromImage(image))) : results;
    }

    private IReadOnlyList<string> VerifyFile()
    {
        Verifier.RefuseIfRequired($"the file {Program}");
        return [];
    }

    // A program that cannot be read is a result, not an error: that is what was asked.
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
