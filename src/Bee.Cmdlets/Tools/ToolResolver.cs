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

/// <summary>Resolves a name, a path or an image to a tool. Pulls an image according to the pull policy, verifies it, and compiles a source.</summary>
/// <param name="local">The local images.</param>
/// <param name="link">The registries.</param>
/// <param name="puller">Pulls images.</param>
/// <param name="verifier">Verifies images.</param>
/// <param name="compiler">Compiles sources.</param>
/// <param name="streams">Receives notes about the resolution.</param>
/// <param name="location">Resolves relative paths.</param>
internal sealed class ToolResolver(
    LocalImages local, RegistryLink link, ImagePuller puller, ImageVerifier verifier, SourceCompiler compiler, ICmdletStreams streams, ISessionLocation location)
{
    /// <summary>When an image is pulled.</summary>
    public PullPolicy Pull { get; init; }

    /// <summary>Full paths of include folders for sources.</summary>
    public IReadOnlyList<string> IncludePath { get; init; } = [];

    /// <summary>The record types from the user, which override those in the tool's metadata.</summary>
    public RecordTypeNames RecordTypes { get; init; } = RecordTypeNames.None;

    /// <summary>Resolves a tool that will run on this machine.</summary>
    /// <param name="program">An image's reference, short name or digest, or the path of a .o or .c file, or of a folder with one C file. Unused if an image is given.</param>
    /// <param name="image">The image; null to use <paramref name="program"/>.</param>
    /// <returns>The tool; null if its source does not compile, which has been reported.</returns>
    /// <exception cref="BeeInputException">The image or file does not exist, or the image is for another platform.</exception>
    /// <exception cref="TrustException">The image is not trusted.</exception>
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

    /// <summary>Finds an image, and pulls it according to the pull policy. An image that is not pulled is not verified yet.</summary>
    /// <param name="program">As for <see cref="Resolve"/>.</param>
    /// <param name="image">As for <see cref="Resolve"/>.</param>
    /// <returns>The image; null if the name stands for a file or folder.</returns>
    /// <exception cref="BeeInputException">Neither an image nor a file has the name.</exception>
    public Image? FindImage(string program, Image? image)
    {
        if (image is not null || Tool.IsPath(program))
        {
            WarnIfNotPulled(image is null ? "a file has no registry" : $"{image.Reference} was passed as an object");
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
                WarnIfNotPulled($"{found.Reference} has no registry");
            }

            streams.WriteNote($"{found.Reference} is in the local store ({found.Digest}), so no registry is asked.");
            return found;
        }

        // The colon of a tag would look like that of a drive. Paths on real drives were handled above.
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

        streams.WriteNote($"{missing} is not in the local store, so it is pulled from {missing.Registry}.");
        return puller.Pull(missing);
    }

    /// <summary>Verifies an image. If a signature is not in the store, its registry is asked first.</summary>
    /// <returns>The result of the signature check.</returns>
    /// <exception cref="TrustException">The image is not trusted.</exception>
    public SignatureVerdict Check(Image image)
    {
        // The image is later read by the digest that was verified, even if its name moves meanwhile.
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

    /// <summary>Reads the tool of an image, with the metadata of its configuration.</summary>
    /// <param name="image">The image.</param>
    /// <param name="signature">The result of the signature check.</param>
    public Tool FromImage(Image image, SignatureVerdict signature = SignatureVerdict.Unchecked)
    {
        ObjectMetadata metadata = ImageConfigs.MetadataOf(image.Config);
        ObjectFile file = WithRecordTypes(ObjectFile.Read(local.Stores.ReadProgram(image), image.Reference).WithMetadata(metadata));
        return new Tool(ImageNames.ShortName(image.Reference), image.Reference, file) { Metadata = metadata, Digest = image.Digest, Signature = signature };
    }

    /// <summary>Reads an object file, or compiles a source.</summary>
    /// <param name="path">The absolute path of a .o or .c file, or of a folder with one C file.</param>
    /// <returns>The tool; null if the source does not compile, which has been reported.</returns>
    public Tool? FromFile(string path)
    {
        bool isSource = path.EndsWith(".c", StringComparison.Ordinal) || Directory.Exists(path);
        if (!isSource)
        {
            return new Tool(ImageNames.FileStem(path), path, WithRecordTypes(ObjectFile.Read(path)));
        }

        // Compiled as Invoke-BeeBuild does, with the bee.yaml beside it.
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
                $"{image.Reference} was built for {platform}, but this machine is {Platform.Host}. The program would read the wrong registers.",
                ImageNames.PlatformRemedy(image, platform));
        }
    }

    // An image that was signed after it was pulled, or that was published from here, has its signatures in the registry only.
    private bool PullSignatures(Image image)
    {
        if (!ImageReference.TryParse(image.Reference, out ImageReference? name) || name.Registry is null || image.Store != local.Stores.Own.Path)
        {
            return false;
        }

        try
        {
            streams.WriteNote($"Looking in {name.Registry} for signatures of {image.Digest} that are not in the local store.");
            puller.Pull(name.WithDigest(image.Descriptor.ToDescriptor().Digest));
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

    // Returns the name to request from a registry; null if it is not an image's name, or is a local one.
    private ImageReference? NameInRegistry(string program, Image? found)
        => ImageReference.TryParse(found is null || ImageNames.IsDigest(program, found) ? program : Named(program, found), out ImageReference? name)
            // A local image without a registry in its name was built on this machine. No registry has it.
            && (found is null ? link.Complete(name) : name) is { Registry: not null } whole
            ? whole.WithDefaultTag()
            : null;

    // opensnoop@sha256:… keeps its digest, even if the store has the image under a tag.
    private static string Named(string program, Image found) => ImageReference.TryParse(program, out ImageReference? asked) && asked.Digest is not null && found.Repository.Length > 0
        ? $"{found.Repository}{(asked.Tag is null ? "" : $":{asked.Tag}")}@{asked.Digest}"
        : found.Reference;

    private Image PullNewer(ImageReference name, Image? found)
    {
        if (name.Digest is not null && found is not null && found.Digest == name.Digest.ToString())
        {
            streams.WriteNote($"{name} is in the local store. A digest cannot change, so no registry is asked.");
            return found;
        }

        IReadOnlyRepository repository = link.Source(name);
        Descriptor newest = link.Wait(cancellationToken => repository.ResolveAsync(name.TagOrDigest, cancellationToken))
            ?? throw new RegistryException(RegistryFault.NotFound, $"{name.Registry} has no image {name}.")
            {
                Remedy = found is null || name.Digest is not null
                    ? $"Find-BeeImage {name.Name} lists the tags."
                    : "To run the local image of this name, use -Pull Missing.",
            };
        if (found?.Digest == newest.Digest.ToString() && found.Problem is null)
        {
            streams.WriteNote($"{name} is {newest.Digest} in the registry, the same as in the local store.");
            return found;
        }

        streams.WriteNote($"{name} is {newest.Digest} in the registry" + (found is null ? ", and not in the local store." : $", but {found.Digest} in the local store."));
        // Pulled by digest, because the tag may move before the next request.
        return puller.Pull(name.WithDigest(newest.Digest));
    }
}

/// <summary>A tool: an object with its metadata and its origin.</summary>
/// <param name="Name">A short name.</param>
/// <param name="Origin">The image's reference, or the file's path.</param>
/// <param name="File">The object.</param>
internal sealed record Tool(string Name, string Origin, ObjectFile File)
{
    /// <summary>The tool's name, its origin, and the digest and signature of its image.</summary>
    public ToolOrigin Identity => new(Name, Origin) { Digest = Digest, Signature = Signature };

    /// <summary>The image's digest; null for a file.</summary>
    public string? Digest { get; init; }

    /// <summary>The result of the image's signature check.</summary>
    public SignatureVerdict Signature { get; init; }

    /// <summary>The metadata from an image's configuration, not checked against the object.</summary>
    public ObjectMetadata Metadata { get; init; } = ObjectMetadata.None;

    /// <summary>The structs that the source defines; null if the tool was not compiled now.</summary>
    public Lazy<IReadOnlyList<SourceType>>? SourceTypes { get; init; }

    /// <summary>The folder of the source's bee.yaml, which its relative paths start from; null if the tool was not compiled now.</summary>
    public string? Folder { get; init; }

    /// <summary>
    /// Makes the relative path of an attach target absolute. Paths in a bee.yaml are relative to its folder, those of the user and of sections to the session's
    /// location. A colon in them does not separate a drive.
    /// </summary>
    /// <param name="program">The program to attach.</param>
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

    /// <summary>Returns whether text is a path and not an image's name: it begins as a path, or ends in .c or .o. The colons of an IPv6 address do not make it a path.</summary>
    public static bool IsPath(string text)
        => text.StartsWith('/') || text.StartsWith('.') || text.StartsWith('~') || (text.Contains("::", StringComparison.Ordinal) && !text.StartsWith('['))
            || text.EndsWith(".c", StringComparison.Ordinal) || text.EndsWith(".o", StringComparison.Ordinal);
}

/// <summary>A tool's name and origin.</summary>
/// <param name="Name">The tool's short name.</param>
/// <param name="Origin">The image's reference, or the file's path; empty if unknown.</param>
internal sealed record ToolOrigin(string Name, string Origin)
{
    /// <summary>The image's digest; null for a file.</summary>
    public string? Digest { get; init; }

    /// <summary>The result of the image's signature check.</summary>
    public SignatureVerdict Signature { get; init; }
}
