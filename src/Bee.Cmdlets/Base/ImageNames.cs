using Bee.Cmdlets.Errors;
using Bee.Ebpf.Objects;
using Bee.Oci.Formats;
using Bee.Oci.Store;

namespace Bee.Cmdlets.Base;

/// <summary>The names that users give images.</summary>
internal static class ImageNames
{
    /// <summary>Creates the error for a name without wildcards that matches no image. It suggests similar names.</summary>
    public static BeeInputException NotFound(string reference, ImageStores stores)
    {
        IReadOnlyList<Image> images = stores.List();
        IReadOnlyList<string> near = Suggest.Nearest(ShortName(reference), images.Select(image => ShortName(image.Reference)), 5);
        string[] meant = [.. images.Where(image => near.Contains(ShortName(image.Reference))).Select(image => image.Reference).Take(5)];
        return new BeeInputException(
            "ImageNotFound",
            $"There is no image '{reference}' in {stores.Own.Path}." + (meant.Length > 0 ? $" Similar names: {string.Join(", ", meant)}." : string.Empty),
            "Get-BeeImage lists the images, Invoke-BeeBuild builds one, and Save-BeeImage pulls one.");
    }

    /// <summary>Returns the last part of a reference, without tag and digest.</summary>
    public static string ShortName(string reference)
    {
        string last = reference[(reference.LastIndexOf('/') + 1)..];
        int end = last.IndexOfAny([':', '@']);
        return end > 0 ? last[..end] : last;
    }

    /// <summary>Returns true if the name is the image's digest or a prefix of it, and not a tag.</summary>
    public static bool IsDigest(string name, Image image)
        => image.Digest.StartsWith(name, StringComparison.OrdinalIgnoreCase)
            || image.Digest.StartsWith("sha256:" + name, StringComparison.OrdinalIgnoreCase);

    /// <summary>Derives a reference from a file's name: <c>opensnoop.bpf.c</c> becomes <c>opensnoop:latest</c>.</summary>
    /// <exception cref="BeeInputException">The file's name contains no character that a reference may have.</exception>
    public static ImageReference FromFile(string path)
    {
        string name = FileStem(path).ToLowerInvariant();
        string clean = new([.. name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' ? c : '-')]);
        clean = clean.Trim('.', '_', '-');
        return ImageReference.TryParse(clean, out ImageReference? reference)
            ? reference.WithDefaultTag()
            : throw new BeeInputException("NoName", $"No image name can be derived from '{Path.GetFileName(path)}'.", "Give one with -Tag.");
    }

    /// <summary>Returns a file's name without .c, .o and .bpf.</summary>
    public static string FileStem(string path)
    {
        string stem = Path.GetFileNameWithoutExtension(path);
        return stem.EndsWith(".bpf", StringComparison.OrdinalIgnoreCase) ? stem[..^4] : stem;
    }

    /// <summary>Returns the remedy for an image that was built for another platform than this machine's.</summary>
    public static string PlatformRemedy(Image image, Platform built)
        => (ImageReference.TryParse(image.Reference, out ImageReference? name) && name.Registry is not null
                ? $"Save-BeeImage {image.Reference} pulls it for all platforms that the registry offers. "
                : "")
            + $"Its author can build it for both platforms: Invoke-BeeBuild -Platform {built},{Platform.Host}.";
}
