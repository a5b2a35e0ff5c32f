using Bee.Ebpf;

namespace Bee.Cmdlets;

/// <summary>An object file that is to run, and where it came from.</summary>
/// <param name="Name">A short name, for people.</param>
/// <param name="Origin">The image's reference, or the file's path.</param>
/// <param name="File">The object.</param>
internal sealed record ProgramInput(string Name, string Origin, ObjectFile File)
{
    /// <summary>The tool's name and origin, with what is known of the image.</summary>
    public ToolOrigin Tool => new(Name, Origin) { Digest = Digest, Signature = Signature };

    /// <summary>The image's digest; null for a file.</summary>
    public string? Digest { get; init; }

    /// <summary>What was decided about the image's signature.</summary>
    public SignatureVerdict Signature { get; init; }

    /// <summary>What an image's config says about the object, as far as that has been checked by nobody.</summary>
    public ObjectPresentation Said { get; init; } = ObjectPresentation.None;

    /// <summary>The folder of the bee.yaml that came with a source, from which paths in it are meant; null for what was built before.</summary>
    public string? Folder { get; init; }

    /// <summary>True for what is meant as a path and not as an image's name: it begins as one, or ends in .c or .o. The colons of an IPv6 address are no provider's.</summary>
    public static bool IsPath(string text)
        => text.StartsWith('/') || text.StartsWith('.') || text.StartsWith('~') || (text.Contains("::", StringComparison.Ordinal) && !text.StartsWith('['))
            || text.EndsWith(".c", StringComparison.Ordinal) || text.EndsWith(".o", StringComparison.Ordinal);
}
