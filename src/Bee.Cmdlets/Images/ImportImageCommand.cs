using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Tools;
using Bee.Ebpf.Objects;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Signatures.Keys;
using Bee.Oci.Store;
using Bee.Oci.Transfer;
using Bee.Oci.Trust;
using Bee.Posix;
using Bee.Toolchain.Isolation;
using Microsoft.Win32.SafeHandles;

namespace Bee.Cmdlets.Images;

/// <summary>Reads images from an archive or folder into the local store, or wraps a compiled object in an image.</summary>
[Cmdlet(VerbsData.Import, "BeeImage", SupportsShouldProcess = true)]
[OutputType(typeof(Image))]
public sealed class ImportImageCommand : StoreCmdlet
{
    private readonly HashSet<string> _written = [];

    /// <summary>An archive of an OCI image layout, plain or gzip-compressed; the folder of a layout; or a compiled eBPF object. Wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName", "PSPath")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [WithoutLogin(OrPath = true)]
    public string[] Path { get; set; } = [];

    /// <summary>The image's reference. By default the name in the archive, or else one derived from the file's name.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [WithoutLogin]
    public string? Tag { get; set; }

    /// <summary>The only platform to import of an image for several platforms. For an object, the platform that it was compiled for; by default this machine's.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    public string? Platform { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string path in Path)
        {
            Guard(path, () =>
            {
                foreach (string file in Files(path))
                {
                    Guard(file, () => Import(file));
                }
            });
        }
    }

    private void Import(string path)
    {
        if (!File.Exists(path) && !Directory.Exists(path))
        {
            throw new BeeInputException("FileNotFound", $"'{path}' does not exist.", "Check the path.");
        }

        if (path.EndsWith(".c", StringComparison.Ordinal))
        {
            throw new BeeInputException("NotAnImage", $"'{path}' is a source file, not an image.", "Build an image from it with Invoke-BeeBuild.");
        }

        Platform? platform = Platform is null ? null : Bee.Oci.Formats.Platform.Parse(Platform);

        // Opened once, so that the bytes that are imported are the bytes whose format was checked, even if the file is replaced meanwhile.
        SafeFileHandle? file = Directory.Exists(path) ? null : RegularFile.Open(path);
        if (file is not null && IsObject(file, path))
        {
            using (file)
            {
                AddObject(RegularFile.ReadAllBytes(file, path, StoreLimits.Program), path, platform);
            }

            return;
        }

        using ImageLayout layout = new PipelineWait(this).Wait(cancellationToken => Task.FromResult(file is null ? ImageLayout.Open(path, cancellationToken) : ImageLayout.Open(file, path, cancellationToken)), $"Reading {path}");
        if (layout.Images.Count == 0)
        {
            throw new BeeInputException("NoImage", $"'{path}' contains no image.");
        }

        if (layout.Images.Count > 1 && Tag is not null)
        {
            throw new BeeInputException(
                "SeveralImages",
                $"'{path}' contains {layout.Images.Count} images, but only one can be named {Tag}: {string.Join(", ", layout.Images.Take(8).Select(image => image.Name?.ToString() ?? image.Tag ?? image.Descriptor.Digest.ToString()))}.",
                "Omit -Tag, and name the images with Copy-BeeImage.");
        }

        var requests = new List<PullRequest>();
        foreach (LayoutImage image in layout.Images)
        {
            Guard(path, () =>
            {
                if (Request(layout, image, path) is { } request)
                {
                    requests.Add(request);
                }
            });
        }

        if (requests.Count > 0)
        {
            Add(requests, path, platform);
        }
    }

    private PullRequest? Request(ImageLayout layout, LayoutImage image, string path)
    {
        if (Tag is null && image.InvalidName is { } invalid)
        {
            // Named after the file, the image would be local, and no policy would apply when it runs.
            new ImageTrust(() => TrustPolicy.Load(null, Isolated.Create<IKeyAlgorithms>), [], isRequired: false).RefuseInvalidName(invalid);
            WriteNote($"The name of {image.Descriptor.Digest} in {path} is not a valid reference. The image is named after the file.");
        }

        ImageReference name = Name(Tag is null ? image.Name ?? ImageReference.Parse($"{ImageNames.FromFile(Stem(path)).Name}:{image.Tag ?? ImageReference.DefaultTag}") : ImageReference.Parse(Tag));

        // Signatures and other referrers are found by the image's name in the layout.
        return ShouldProcess($"{path} as {name}", "Import image") ? new PullRequest(layout.Repository((image.Name ?? name).Name), image.Descriptor.Digest.ToString(), name) : null;
    }

    private void Add(List<PullRequest> requests, string path, Platform? platform)
    {
        var wait = new PipelineWait(this);
        var progress = new TransferProgress();
        var transfer = new ImageTransfer(new TransferOptions { Platform = platform, Referrers = true, Progress = progress, Note = wait.Note });
        string title = requests is [var only] ? $"Importing {only.Name}" : $"Importing {Quantity.Of(requests.Count, "image")}";
        foreach (PullOutcome outcome in wait.Wait(cancellationToken => transfer.PullAsync(requests, Stores.Own, cancellationToken), title, progress))
        {
            if (outcome.Result is { } result)
            {
                WriteNote($"{outcome.Request.Name} is {result.Descriptor.Digest}: {Quantity.Of(result.BlobsSent, "blob")} imported, {result.BlobsPresent} already in the store.");
                WriteObject(result.Image);
                continue;
            }

            // The transfer reports faults of its source as registry errors, but here the source is a layout.
            WriteError(outcome.Fault is RegistryException { InnerException: StoreException fault } ? new StoreException(fault.Fault, fault.Message, outcome.Fault) : outcome.Fault!, path);
        }
    }

    private void AddObject(byte[] program, string path, Platform? platform)
    {
        ImageReference name = Name(Tag is null ? ImageNames.FromFile(path) : ImageReference.Parse(Tag));
        var file = ObjectFile.Read(program, path);
        if (ShouldProcess($"{path} as {name}", "Import image"))
        {
            WriteObject(Stores.Own.Add(
                new ImageContent
                {
                    Program = program,
                    Config = ImageConfigs.From(file),
                    Platform = platform ?? Bee.Oci.Formats.Platform.Host,
                },
                name));
        }
    }

    private ImageReference Name(ImageReference name)
    {
        ImageReference whole = name.WithDefaultTag();
        return _written.Add(whole.ToString()) ? whole : throw new BeeInputException(
            "SameTarget", $"Another input of this pipeline was already imported as {whole}.", "Give each file its own -Tag.");
    }

    private static string Stem(string path)
    {
        string name = System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(path));
        foreach (string ending in (string[])[".gz", ".tgz", ".tar", ".oci"])
        {
            name = name.Length > ending.Length && name.EndsWith(ending, StringComparison.OrdinalIgnoreCase) ? name[..^ending.Length] : name;
        }

        // The caller removes an extension, and the name itself may contain a dot.
        return name + ".o";
    }

    private static bool IsObject(SafeFileHandle file, string path)
    {
        var magic = new byte[4];
        return path.EndsWith(".o", StringComparison.Ordinal)
            || (RandomAccess.Read(file, magic, 0) == magic.Length && magic is [0x7f, (byte)'E', (byte)'L', (byte)'F']);
    }
}
