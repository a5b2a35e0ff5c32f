using System.Management.Automation;
using Bee.Ebpf;
using Bee.Oci;

namespace Bee.Cmdlets;

/// <summary>A cmdlet that takes a program: an image, an object file, or a C file that is compiled first.</summary>
public abstract class ProgramCmdlet : StoreCmdlet
{
    /// <summary>An image's reference, short name or digest, or the path of a .o or .c file, or of a folder with one C file.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Program", ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName", "Path", "PSPath")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageOrFileCompleter))]
    public string Program { get; set; } = string.Empty;

    /// <summary>An image, as Get-BeeImage and Invoke-BeeBuild give it.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Image", ValueFromPipeline = true)]
    [ValidateNotNull]
    public Image? Image { get; set; }

    /// <summary>What was given, for error records.</summary>
    private protected object Target => Image is null ? Program : Image;

    /// <summary>The program that is meant; null where its source does not compile, which has been told.</summary>
    /// <exception cref="BeeInputException">There is no such image or file.</exception>
    private protected ProgramInput? Find() => FindImage() is { } image ? FromImage(image) : FromFile(FullPath(Program));

    /// <summary>The image that is meant; null where it is a file, or a folder.</summary>
    /// <exception cref="BeeInputException">There is no such image, and no such file.</exception>
    private protected Image? FindImage()
    {
        if (Image is not null || ProgramInput.IsPath(Program))
        {
            return Image;
        }

        if (Stores.Find(Program) is { } image)
        {
            return image;
        }

        // The colon of a tag would read as a drive's; what really is on a drive is meant as a path and was asked for above.
        if (!Program.Contains(':') && (File.Exists(FullPath(Program)) || Directory.Exists(FullPath(Program))))
        {
            return null;
        }

        TellAboutInvokingStore();
        throw ImageNames.NotFound(Program, Stores);
    }

    /// <summary>An image's program, with what its config says of it.</summary>
    private protected ProgramInput FromImage(Image image)
    {
        ObjectPresentation said = ImagePresentation.From(image.Config);
        ObjectFile file = ObjectFile.Parse(Stores.ReadProgram(image), image.Reference).Present(said);
        return new ProgramInput(ImageNames.ShortName(image.Reference), image.Reference, file) { Said = said };
    }

    /// <summary>The program of a file; null where a source does not compile.</summary>
    private protected ProgramInput? FromFile(string path)
    {
        bool isSource = path.EndsWith(".c", StringComparison.Ordinal) || Directory.Exists(path);
        if (!isSource)
        {
            return new ProgramInput(ImageNames.FileStem(path), path, ObjectFile.Read(path));
        }

        // As Invoke-BeeBuild would build it, with what the bee.yaml beside it says.
        BuildSource source = BuildSource.Find(path);
        return SourceBuild.Compile(this, source.Request(), Stop) is { Object: { } bytes } && SourceBuild.Describe(this, source, bytes) is { } file
            ? new ProgramInput(ImageNames.FileStem(source.File), source.File, file)
            : null;
    }
}
