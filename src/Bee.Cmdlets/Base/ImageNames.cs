using Bee.Cmdlets.Errors;
using Bee.Ebpf.Objects;
using Bee.Oci.Formats;
using Bee.Oci.Store;

namespace Bee.Cmdlets.Base;

/// <summary>How people name images.</summary>
internal static class ImageNames
{
    /// <summary>The error for a literal name that no image has; it names images that look like it.</summary>
    public static BeeInputException NotFound(string reference, ImageStores stores)
    {
        IReadOnlyList<Image> images = stores.List();
        IReadOnlyList<string> near = Suggest.Nearest(ShortName(reference), images.Select(image => ShortName(image.Reference)), 5);
        string[] meant = [.. images.Where(image => near.Contains(ShortName(image.Reference))).Select(image => image.Reference).Take(5)];
        return new BeeInputException(
            "ImageNotFound",
            $"There is no image '{reference}' in {stores.Own.Path}." + (meant.Length > 0 ? $" Near it: {string.Join(", ", meant)}." : string.Empty),
            "Get-BeeImage lists the images; Invoke-BeeBuild makes one, Save-BeeImage fetches one.");
    }

    /// <summary>The last part of a reference, without tag and digest.</summary>
    public static string ShortName(string reference)
    {
        string last = reference[(reference.LastIndexOf('/') + 1)..];
        int end = last.IndexOfAny([':', '@']);
        return end > 0 ? last[..end] : last;
    }

    /// <summary>True where the image was named by its digest or the beginning of it, and not by a tag.</summary>
    public static bool IsDigest(string name, Image image)
        => image.Digest.StartsWith(name, StringComparison.OrdinalIgnoreCase)
            || image.Digest.StartsWith("sha256:" + name, StringComparison.OrdinalIgnoreCase);

    /// <summary>A reference made of a file's name: <c>opensnoop.bpf.c</c> gives <c>opensnoop:latest</c>.</summary>
    /// <exception cref="BeeInputException">The file's name has nothing of which a name can be made.</exception>
    public static ImageReference FromFile(string path)
    {
        string name = FileStem(path).ToLowerInvariant();
        string clean = new([.. name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' ? c : '-')]);
        clean = clean.Trim('.', '_', '-');
        return ImageReference.TryParse(clean, out ImageReference? reference)
            ? reference.WithDefaultTag()
            : throw new BeeInputException("NoName", $"No image name can be made of '{Path.GetFileName(path)}'.", "Give one with -Tag.");
    }

    /// <summary>A file's name without .c, .o and .bpf.</summary>
    public static string FileStem(string path)
    {
        string stem = Path.GetFileNameWithoutExtension(path);
        return stem.EndsWith(".bpf", StringComparison.OrdinalIgnoreCase) ? stem[..^4] : stem;
    }

    /// <summary>What to do about an image that is for another platform than this machine's.</summary>
    public static string PlatformRemedy(Image image, Platform built)
        => (ImageReference.TryParse(image.Reference, out ImageReference? name) && name.Registry is not null
                ? $"Save-BeeImage {image.Reference} fetches it for all the platforms that the registry has it for. "
                : "")
            + $"An author builds it for both: Invoke-BeeBuild -Platform {built},{Platform.Host}.";
}
