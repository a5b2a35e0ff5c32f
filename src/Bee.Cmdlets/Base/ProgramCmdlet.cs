using System.Management.Automation;
using Bee.Ebpf;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Repositories;
using Bee.Oci.Store;
using Bee.Oci.Trust;

namespace Bee.Cmdlets;

/// <summary>A cmdlet that takes a program: an image, an object file, or a C file that is compiled first.</summary>
public abstract class ProgramCmdlet : VerifyingCmdlet
{
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

    /// <summary>The program that is meant; null where its source does not compile, which has been told.</summary>
    /// <exception cref="BeeInputException">There is no such image or file.</exception>
    /// <exception cref="TrustException">It is an image that is not trusted.</exception>
    private protected ProgramInput? Find()
    {
        if (FindImage() is { } image)
        {
            return FromImage(Checked(image));
        }

        RefuseIfRequired($"the file {Program}");
        return FromFile(FullPath(Program));
    }

    /// <summary>Refuses an image that must not become a program here; throws what says why.</summary>
    private protected virtual Image Checked(Image image)
    {
        // What is run is read by the digest that is decided over, whoever gives the name to something else meanwhile.
        try
        {
            Verify(image);
        }
        catch (TrustException refused) when (refused.Fault == TrustFault.NotVerified && Pull != PullPolicy.Never)
        {
            if (!BringSignatures(image))
            {
                throw;
            }

            Verify(image);
        }

        return image;
    }

    // Signed after it was saved, or published from here: its signatures are in the registry alone.
    private bool BringSignatures(Image image)
    {
        if (!ImageReference.TryParse(image.Reference, out ImageReference? name) || name.Registry is null || image.Store != Stores.Own.Path)
        {
            return false;
        }

        try
        {
            Tell($"{name.Registry} is asked for signatures of {image.Digest} that are not here.");
            PullImage(ImageReference.Parse($"{name.Name}{(name.Tag is null ? "" : $":{name.Tag}")}@{image.Digest}"));
            return true;
        }
        catch (Exception fault) when (fault is RegistryException or TrustException)
        {
            Tell(fault.Message);
            return false;
        }
    }

    /// <summary>The image that is meant; null where it is a file, or a folder.</summary>
    /// <exception cref="BeeInputException">There is no such image, and no such file.</exception>
    private protected Image? FindImage()
    {
        if (Image is not null || ProgramInput.IsPath(Program))
        {
            WarnIfNotPulled(Image is null ? "a file has no registry" : $"{Image.Reference} was handed over as it is");
            return Image;
        }

        Image? local = Stores.Find(Program);
        if (Pull == PullPolicy.Always && NameInRegistry(local) is { } name)
        {
            return PullNewer(name, local);
        }

        if (local is not null)
        {
            if (!ImageNames.IsDigest(Program, local))
            {
                WarnIfNotPulled($"{local.Reference} names no registry");
            }

            Tell($"{local.Reference} is here ({local.Digest}); no registry is asked.");
            return local;
        }

        // The colon of a tag would read as a drive's; what really is on a drive is meant as a path and was asked for above.
        if (!Program.Contains(':') && (File.Exists(FullPath(Program)) || Directory.Exists(FullPath(Program))))
        {
            WarnIfNotPulled("a file has no registry");
            return null;
        }

        Local.TellAboutInvokingStore();
        if (Pull != PullPolicy.Missing || NameInRegistry(null) is not { } missing)
        {
            throw ImageNames.NotFound(Program, Stores);
        }

        Tell($"{missing} is not here; {missing.Registry} is asked for it.");
        return PullImage(missing);
    }

    private void WarnIfNotPulled(string why)
    {
        if (Pull == PullPolicy.Always)
        {
            WriteWarning($"-Pull Always has no effect: {why}.");
        }
    }

    // The name to ask a registry for; null for what is no image's name, or a local one.
    private ImageReference? NameInRegistry(Image? local)
        => ImageReference.TryParse(local is null || ImageNames.IsDigest(Program, local) ? Program : Named(local), out ImageReference? name)
            // What is here under a name without a registry was made here.
            && (local is null ? Link.Complete(name) : name) is { Registry: not null } whole
            ? whole.WithDefaultTag()
            : null;

    // opensnoop@sha256:… pins, also where the store has it under a tag.
    private string Named(Image local) => ImageReference.TryParse(Program, out ImageReference? asked) && asked.Digest is not null && local.Repository.Length > 0
        ? $"{local.Repository}{(asked.Tag is null ? "" : $":{asked.Tag}")}@{asked.Digest}"
        : local.Reference;

    private Image PullNewer(ImageReference name, Image? local)
    {
        if (name.Digest is not null && local?.Digest == name.Digest)
        {
            Tell($"{name} is here; what has this digest cannot have changed, and no registry is asked.");
            return local;
        }

        IReadOnlyRepository repository = Link.Source(name);
        Descriptor found = Link.Wait(cancellationToken => repository.ResolveAsync(name.Digest ?? name.Tag!, cancellationToken))
            ?? throw new RegistryException(RegistryFault.NotFound, $"{name.Registry} has no image {name}.")
            {
                Remedy = local is null || name.Digest is not null
                    ? $"Find-BeeImage {name.Name} lists the tags that there are."
                    : "A local image has this name; -Pull Missing runs it.",
            };
        if (local?.Digest == found.Digest && local.Problem is null)
        {
            Tell($"{name} is {found.Digest} in the registry, as here.");
            return local;
        }

        Tell($"{name} is {found.Digest} in the registry" + (local is null ? ", and not here." : $", and {local.Digest} here."));
        // By the digest: the tag may move on before the next request.
        return PullImage(ImageReference.Parse($"{name.Name}{(name.Tag is null ? "" : $":{name.Tag}")}@{found.Digest}"));
    }

    /// <summary>
    /// A target's relative path made absolute. A bee.yaml's paths are meant from its folder, as its sources are; a person's, and a section's, from the session's
    /// location. A colon in them is no drive's.
    /// </summary>
    private protected string ResolveTarget(ProgramInput input, string program, string path, bool isGiven)
    {
        bool isManifests = input.Folder is not null && !isGiven && input.File.Programs.First(one => one.Name == program).Presentation.AttachTo is not null;
        return path is "~" || path.StartsWith("~/", StringComparison.Ordinal)
            ? FullPath("~") + path[1..]
            : Path.GetFullPath(path, isManifests ? input.Folder! : SessionState.Path.CurrentFileSystemLocation.ProviderPath);
    }

    /// <summary>An image's program, with what its config says of it.</summary>
    private protected ProgramInput FromImage(Image image)
    {
        ObjectPresentation said = ImagePresentation.From(image.Config);
        ObjectFile file = ObjectFile.Parse(Stores.ReadProgram(image), image.Reference).Present(said);
        return new ProgramInput(ImageNames.ShortName(image.Reference), image.Reference, file) { Said = said, Digest = image.Digest, Signature = Verdict };
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
        var source = BuildSource.Find(path);
        return SourceBuild.CompileAndTell(this, source.Request(), Stop) is { Object: { } bytes } && SourceBuild.Describe(this, source, bytes) is { } file
            ? new ProgramInput(ImageNames.FileStem(source.File), source.File, file) { Folder = Path.GetDirectoryName(source.File) }
            : null;
    }
}
