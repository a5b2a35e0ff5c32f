using Bee.Ebpf.Checks;
using Bee.Oci.Formats;
using Bee.Oci.Repositories;
using Bee.Oci.Store;

namespace Bee.Cmdlets;

/// <summary>Checks of an image that need no kernel.</summary>
internal static class ImageChecks
{
    /// <summary>Whether its pieces are what their digests say, and whether it has a program for this machine.</summary>
    public static IEnumerable<CheckResult> Run(Image image, IReadOnlyCollection<BlobCheck> blobs, bool isOther)
    {
        foreach (BlobCheck blob in blobs.Where(blob => blob.Fault is not null))
        {
            yield return new CheckResult("Digests", CheckState.Failed, $"{image.Reference}: {Role(blob.Role)}: {blob.Fault!.Message}")
            {
                Target = blob.Descriptor.Digest,
                Remedy = "Remove the image and build or pull it again.",
            };
        }

        if (blobs.All(blob => blob.Fault is null))
        {
            string pieces = string.Join(", ", blobs.GroupBy(blob => blob.Role).Select(group => group.Count() == 1 ? Role(group.Key) : $"{group.Count()} {Role(group.Key)}s"));
            yield return new CheckResult("Digests", CheckState.Ok, $"{image.Reference}: {pieces} are what their digests say, {ViewText.Size(image.Size)} in all.") { Target = image.Digest };
        }

        if (image.Program is null && blobs.All(blob => blob.Fault is null))
        {
            yield return new CheckResult("Object", CheckState.Failed, image.Platforms.Count > 1
                ? $"{image.Reference} has no program for {Platform.Host}; it is for {string.Join(", ", image.Platforms)}."
                : $"{image.Reference} has no eBPF program that Bee knows{(image.WhyNoProgram is { } why ? ": " + why : "")}.");
        }
        else if (image.Platform is { } platform && !isOther && !PlatformChoice.Fits(platform, Platform.Host))
        {
            yield return new CheckResult("Platform", CheckState.Failed, $"{image.Reference} was built for {platform}, and this is {Platform.Host}. What it takes out of registers is then not what it means.")
            {
                Target = platform.ToString(),
                Remedy = ImageNames.PlatformRemedy(image, platform),
            };
        }
    }

    private static string Role(BlobRole role) => role.ToString().ToLowerInvariant();
}
