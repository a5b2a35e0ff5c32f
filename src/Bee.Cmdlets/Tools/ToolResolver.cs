using Bee.Cmdlets.Base;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Registries;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Repositories;
using Bee.Oci.Store;
using Bee.Oci.Trust;
using Bee.Toolchain.Compiling;

namespace Bee.Cmdlets.Tools;

/// <summary>Finds the tool that a name, a path or an image means. An image is pulled as the policy says, and decided over; a source is compiled.</summary>
/// <param name="local">The local images.</param>
/// <param name="link">The registries.</param>
/// <param name="puller">Pulls images.</param>
/// <param name="verifier">Decides over images.</param>
/// <param name="compiler">Compiles sources.</param>
/// <param name="streams">Where it is noted what was found where.</param>
/// <param name="location">Where relative paths are meant from.</param>
internal sealed class ToolResolver(
    LocalImages local, RegistryLink link, ImagePuller puller, ImageVerifier verifier, SourceCompiler compiler, ICmdletStreams streams, ISessionLocation location)
{
    /// <summary>When an image is pulled.</summary>
    public PullPolicy Pull { get; init; }

    /// <summary>Full paths of folders with headers, for sources.</summary>
    public IReadOnlyList<string> IncludePath { get; init; } = [];

    /// <summary>The types of records that the user gives, over those that the tool's metadata has.</summary>
    public RecordTypeNames RecordTypes { get; init; } = RecordTypeNames.None;

    /// <summary>Finds a tool that is to run here.</summary>
    /// <param name="program">An image's reference, short name or digest, or the path of a .o or .c file, or of a folder with one C file. Unused if an image is given.</param>
    /// <param name="image">The image; null for what <paramref name="program"/> says.</param>
    /// <returns>The tool; null where its source does not compile, which has been reported.</returns>
    /// <exception cref="BeeInputException">There is no such image or file, or the image is for another platform.</exception>
    /// <exception cref="TrustException">It is an image that is not trusted.</exception>
    public Tool? Resolve(string program, Image? image)
    {
        if (FindImage(program, image) is { } found)
        {
            RefuseOtherPlatform(found);
            return FromImage(found, Check(found));
        }

        verifier.RefuseIfRequired($"the file {program}");
        return FromFile(location.FullPath(program));
    }

    /// <summary>Finds the image that is meant, and pulls it as the policy says. It is not decided over yet, unless it was pulled.</summary>
    /// <param name="program">As for <see cref="Resolve"/>.</param>
    /// <param name="image">As for <see cref="Resolve"/>.</param>
    /// <returns>The image; null where it is a file, or a folder.</returns>
    /// <exception cref="BeeInputException">There is no such image, and no such file.</exception>
    public Image? FindImage(string program, Image? image)
    {
        if (image is not null || Tool.IsPath(program))
        {
            WarnIfNotPulled(image is null ? "a file has no registry" : $"{image.Reference} was handed over as it is");
            return image;
        }

        Image? found = local.Stores.Find(program);
        if (Pull == PullPolicy.Always && NameInRegistry(program, found) is { } name)
        {
            return PullNewer(name, found);
        }

        if (found is not null)
        {
            if (!ImageNames.IsDigest(program, found))
            {
                WarnIfNotPulled($"{found.Reference} names no registry");
            }

            streams.WriteNote($"{found.Reference} is here ({found.Digest}); no registry is asked.");
            return found;
        }

        // The colon of a tag would read as a drive's; what really is on a drive is meant as a path and was asked for above.
        if (!program.Contains(':') && (File.Exists(location.FullPath(program)) || Directory.Exists(location.FullPath(program))))
        {
            WarnIfNotPulled("a file has no registry");
            return null;
        }

        local.NoteInvokingStore();
        if (Pull != PullPolicy.Missing || NameInRegistry(program, null) is not { } missing)
        {
            throw ImageNames.NotFound(program, local.Stores);
        }

        streams.WriteNote($"{missing} is not here; {missing.Registry} is asked for it.");
        return puller.Pull(missing);
    }

    /// <summary>Decides over an image. Signatures that are not here are asked for in its registry first.</summary>
    /// <returns>What was decided about its signature.</returns>
    /// <exception cref="TrustException">It is not trusted.</exception>
    public SignatureVerdict Check(Image image)
    {
        // What is run is read by the digest that is decided over, whoever gives the name to something else meanwhile.
        try
        {
            return verifier.Verify(image).Verdict;
        }
        catch (TrustException refused) when (refused.Fault == TrustFault.NotVerified && Pull != PullPolicy.Never)
        {
            if (!PullSignatures(image))
            {
                throw;
            }

            return verifier.Verify(image).Verdict;
        }
    }

    /// <summary>Reads the tool of an image, with the metadata of its config.</summary>
    /// <param name="image">The image.</param>
    /// <param name="signature">What was decided about its signature.</param>
    public Tool FromImage(Image image, SignatureVerdict signature = SignatureVerdict.Unchecked)
    {
        ObjectMetadata metadata = ImageConfigs.MetadataOf(image.Config);
        ObjectFile file = WithRecordTypes(ObjectFile.Read(local.Stores.ReadProgram(image), image.Reference).WithMetadata(metadata));
        return new Tool(ImageNames.ShortName(image.Reference), image.Reference, file) { Metadata = metadata, Digest = image.Digest, Signature = signature };
    }

    /// <summary>Reads the tool of an object file, or compiles that of a source.</summary>
    /// <param name="path">The absolute path of a .o or .c file, or of a folder with one C file.</param>
    /// <returns>The tool; null where the source does not compile, which has been reported.</returns>
    public Tool? FromFile(string path)
    {
        bool isSource = path.EndsWith(".c", StringComparison.Ordinal) || Directory.Exists(path);
        if (!isSource)
        {
            return new Tool(ImageNames.FileStem(path), path, WithRecordTypes(ObjectFile.Read(path)));
        }

        // As Invoke-BeeBuild would build it, with what the bee.yaml beside it says.
        var source = BuildSource.Find(path) with { RecordTypes = RecordTypes };
        CompileRequest request = source.Request(IncludePath);
        return compiler.CompileAndReport(request) is { Object: { } bytes } && compiler.Describe(source, request, bytes) is { } file
            ? new Tool(ImageNames.FileStem(source.File), source.File, file) { Folder = Path.GetDirectoryName(source.File), SourceTypes = new(() => compiler.FindTypes(request)) }
            : null;
    }

    private ObjectFile WithRecordTypes(ObjectFile file) => file.WithMetadata(RecordTypes.MetadataFor(file));

    private static void RefuseOtherPlatform(Image image)
    {
        if (image is { Problem: null, Platform: { } platform } && !PlatformChoice.Fits(platform, Platform.Host))
        {
            throw new BeeInputException(
                "OtherPlatform",
                $"{image.Reference} is for {platform}, and this is {Platform.Host}: what it takes out of registers would not be what it means.",
                ImageNames.PlatformRemedy(image, platform));
        }
    }

    // Signed after it was saved, or published from here: its signatures are in the registry alone.
    private bool PullSignatures(Image image)
    {
        if (!ImageReference.TryParse(image.Reference, out ImageReference? name) || name.Registry is null || image.Store != local.Stores.Own.Path)
        {
            return false;
        }

        try
        {
            streams.WriteNote($"{name.Registry} is asked for signatures of {image.Digest} that are not here.");
            puller.Pull(WithDigest(name, image.Digest));
            return true;
        }
        catch (Exception fault) when (fault is RegistryException or TrustException)
        {
            streams.WriteNote(fault.Message);
            return false;
        }
    }

    private void WarnIfNotPulled(string why)
    {
        if (Pull == PullPolicy.Always)
        {
            streams.WriteWarning($"-Pull Always has no effect: {why}.");
        }
    }

    // The name to ask a registry for; null for what is no image's name, or a local one.
    private ImageReference? NameInRegistry(string program, Image? found)
        => ImageReference.TryParse(found is null || ImageNames.IsDigest(program, found) ? program : Named(program, found), out ImageReference? name)
            // What is here under a name without a registry was made here.
            && (found is null ? link.Complete(name) : name) is { Registry: not null } whole
            ? whole.WithDefaultTag()
            : null;

    // opensnoop@sha256:… pins, also where the store has it under a tag.
    private static string Named(string program, Image found) => ImageReference.TryParse(program, out ImageReference? asked) && asked.Digest is not null && found.Repository.Length > 0
        ? $"{found.Repository}{(asked.Tag is null ? "" : $":{asked.Tag}")}@{asked.Digest}"
        : found.Reference;

    private Image PullNewer(ImageReference name, Image? found)
    {
        if (name.Digest is not null && found?.Digest == name.Digest)
        {
            streams.WriteNote($"{name} is here; what has this digest cannot have changed, and no registry is asked.");
            return found;
        }

        IReadOnlyRepository repository = link.Source(name);
        Descriptor newest = link.Wait(cancellationToken => repository.ResolveAsync(name.Digest ?? name.Tag!, cancellationToken))
            ?? throw new RegistryException(RegistryFault.NotFound, $"{name.Registry} has no image {name}.")
            {
                Remedy = found is null || name.Digest is not null
                    ? $"Find-BeeImage {name.Name} lists the tags that there are."
                    : "A local image has this name; -Pull Missing runs it.",
            };
        if (found?.Digest == newest.Digest && found.Problem is null)
        {
            streams.WriteNote($"{name} is {newest.Digest} in the registry, as here.");
            return found;
        }

        streams.WriteNote($"{name} is {newest.Digest} in the registry" + (found is null ? ", and not here." : $", and {found.Digest} here."));
        // By the digest: the tag may move on before the next request.
        return puller.Pull(WithDigest(name, newest.Digest));
    }

    private static ImageReference WithDigest(ImageReference name, string digest) => ImageReference.Parse($"{name.Name}{(name.Tag is null ? "" : $":{name.Tag}")}@{digest}");
}

/// <summary>What a user runs: an object with its metadata, and where it came from.</summary>
/// <param name="Name">A short name.</param>
/// <param name="Origin">The image's reference, or the file's path.</param>
/// <param name="File">The object.</param>
internal sealed record Tool(string Name, string Origin, ObjectFile File)
{
    /// <summary>The tool's name and origin, with what is known of the image.</summary>
    public ToolOrigin Identity => new(Name, Origin) { Digest = Digest, Signature = Signature };

    /// <summary>The image's digest; null for a file.</summary>
    public string? Digest { get; init; }

    /// <summary>What was decided about the image's signature.</summary>
    public SignatureVerdict Signature { get; init; }

    /// <summary>The metadata of an image's config, not checked against the object.</summary>
    public ObjectMetadata Metadata { get; init; } = ObjectMetadata.None;

    /// <summary>The structs that the source defines, where it was compiled now; null for what was built before.</summary>
    public Lazy<IReadOnlyList<SourceType>>? SourceTypes { get; init; }

    /// <summary>The folder of the bee.yaml that came with a source, from which paths in it are meant; null for what was built before.</summary>
    public string? Folder { get; init; }

    /// <summary>
    /// Makes the relative path of an attach target absolute. Paths of a bee.yaml are meant from its folder, as its sources are; a user's, and a section's, from the session's
    /// location. A colon in them is no drive's.
    /// </summary>
    /// <param name="program">The program that attaches to it.</param>
    /// <param name="path">The path.</param>
    /// <param name="isGiven">Whether the user gave the path.</param>
    /// <param name="location">The session's location.</param>
    public string ResolveTarget(string program, string path, bool isGiven, ISessionLocation location)
    {
        bool isManifests = Folder is not null && !isGiven && File.Programs.First(one => one.Name == program).Metadata.AttachTo is not null;
        return path is "~" || path.StartsWith("~/", StringComparison.Ordinal)
            ? location.FullPath("~") + path[1..]
            : Path.GetFullPath(path, isManifests ? Folder! : location.CurrentFolder);
    }

    /// <summary>True for what is meant as a path and not as an image's name: it begins as one, or ends in .c or .o. The colons of an IPv6 address are no provider's.</summary>
    public static bool IsPath(string text)
        => text.StartsWith('/') || text.StartsWith('.') || text.StartsWith('~') || (text.Contains("::", StringComparison.Ordinal) && !text.StartsWith('['))
            || text.EndsWith(".c", StringComparison.Ordinal) || text.EndsWith(".o", StringComparison.Ordinal);
}

/// <summary>A tool's name and where it came from.</summary>
/// <param name="Name">The tool's short name.</param>
/// <param name="Origin">The image's reference, or the file's path; empty if it is not known.</param>
internal sealed record ToolOrigin(string Name, string Origin)
{
    /// <summary>The image's digest; null for a file.</summary>
    public string? Digest { get; init; }

    /// <summary>What was decided about the image's signature.</summary>
    public SignatureVerdict Signature { get; init; }
}
