using System.IO.Compression;
using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Tools;
using Bee.Cmdlets.Views;
using Bee.Oci.Store;
using Bee.Posix;

namespace Bee.Cmdlets.Images;

/// <summary>Writes local images to an archive that other machines and tools can read.</summary>
[Cmdlet(VerbsData.Export, "BeeImage", SupportsShouldProcess = true)]
[OutputType(typeof(FileInfo))]
public sealed class ExportImageCommand : StoreCmdlet
{
    private readonly List<Image> _images = [];

    /// <summary>References, short names or digests; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [WithoutLogin]
    public string[] Reference { get; set; } = [];

    /// <summary>The file for all images, or a folder for one file per image. A name that ends in .gz or .tgz selects compression.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    public string OutFile { get; set; } = string.Empty;

    /// <summary>Fails if the file exists, instead of replacing it.</summary>
    [Parameter]
    public SwitchParameter NoClobber { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string reference in Reference)
        {
            Guard(reference, () => _images.AddRange(Match(reference)));
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        Guard(OutFile, () =>
        {
            string path = FullPath(OutFile);
            Image[] images = [.. _images.DistinctBy(image => (image.Store, image.Reference))];
            if (!Directory.Exists(path) && !System.IO.Path.EndsInDirectorySeparator(OutFile) && images.Length > 0)
            {
                Write(path, images);
                return;
            }

            foreach (IGrouping<string, Image> file in images.GroupBy(FileName))
            {
                Guard(file.First(), () => Write(System.IO.Path.Combine(path, file.Key), file.Count() == 1 ? [.. file] : throw new BeeInputException(
                    "SameTarget", $"{string.Join(" and ", file)} would be written to the same file {file.Key}.", "Use a file as -OutFile, which can contain both, or export the images one by one.")));
            }
        });
    }

    private static string FileName(Image image)
    {
        string name = image.Repository.Length > 0 ? $"{ImageNames.ShortName(image.Reference)}-{image.Tag ?? ViewText.ShortDigest(image.Digest)}" : ViewText.ShortDigest(image.Digest);
        return $"{string.Join('_', name.Split(System.IO.Path.GetInvalidFileNameChars()))}.tar";
    }

    private void Write(string path, Image[] images)
    {
        OutputFile.Check(path, NoClobber);

        if (!ShouldProcess($"{string.Join(", ", images.Select(image => image.Reference))} to {path}", "Export image"))
        {
            return;
        }

        var wait = new PipelineWait(this);
        wait.Wait(cancellationToken =>
        {
            AtomicFile.Write(path, file =>
            {
                using Stream? gzip = IsCompressed(path) ? new GZipStream(file, CompressionLevel.Optimal, leaveOpen: true) : null;
                Stores.Export(images, gzip ?? file, cancellationToken);
            }, overwrite: !NoClobber);
            return Task.FromResult(true);
        });

        // The object is what Get-Item returns, because its view needs the properties that the provider adds.
        WriteObject(InvokeProvider.Item.Get([path], force: true, literalPath: true), enumerateCollection: true);
    }

    private static bool IsCompressed(string path)
        => path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".tgz", StringComparison.OrdinalIgnoreCase);
}
