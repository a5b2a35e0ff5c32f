using Bee.Cmdlets.Base;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;

namespace Bee.Cmdlets.Tools;

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
