using System.Management.Automation;
using Bee.Ebpf;
using Bee.Oci;

namespace Bee.Cmdlets;

/// <summary>How people name images.</summary>
internal static class ImageNames
{
    /// <summary>True where the pattern matches the reference, its last part with or without the tag, or the digest.</summary>
    public static bool Match(Image image, WildcardPattern pattern)
        => Names(image).Any(pattern.IsMatch);

    /// <summary>The error for a literal name that no image has.</summary>
    public static BeeInputException NotFound(string reference, ImageStores stores)
    {
        Image[] images = [.. stores.List()];
        IReadOnlyList<string> near = Suggest.Nearest(LastPart(reference), images.Select(image => LastPart(image.Reference)), 5);
        string[] meant = [.. images.Where(image => near.Contains(LastPart(image.Reference))).Select(image => image.Reference).Take(5)];
        return new BeeInputException(
            "ImageNotFound",
            $"There is no image '{reference}' in {stores.Own.Path}." + (meant.Length > 0 ? $" Did you mean {string.Join(", ", meant)}?" : string.Empty),
            "Get-BeeImage lists the images; Invoke-BeeBuild -Tag makes one.",
            missing: true);
    }

    private static IEnumerable<string> Names(Image image)
    {
        yield return image.Reference;
        yield return image.Digest;
        yield return image.Repository;
        string last = image.Reference[(image.Reference.LastIndexOf('/') + 1)..];
        yield return last;
        yield return LastPart(image.Reference);
    }

    private static string LastPart(string reference)
    {
        string last = reference[(reference.LastIndexOf('/') + 1)..];
        int end = last.IndexOfAny([':', '@']);
        return end > 0 ? last[..end] : last;
    }
}
