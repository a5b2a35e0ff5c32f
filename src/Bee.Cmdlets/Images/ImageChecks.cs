using Bee.Cmdlets.Base;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Tools;
using Bee.Cmdlets.Views;
using Bee.Ebpf.Checks;
using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Oci.Formats;
using Bee.Oci.Repositories;
using Bee.Oci.Store;
using Bee.Oci.Trust;
using Bee.Posix;

namespace Bee.Cmdlets.Images;

/// <summary>Checks of an image, and of the tool in it. What is not as it should be is a result, not an error: that is what was asked.</summary>
internal static class ImageChecks
{
    /// <summary>Whether its pieces are what their digests say, and whether it has a program for this machine.</summary>
    public static IEnumerable<CheckResult> OfImage(Image image, IReadOnlyCollection<BlobCheck> blobs, bool isOther)
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
            string pieces = string.Join(", ", blobs.GroupBy(blob => blob.Role).Select(group => group.Count() == 1 ? Role(group.Key) : Quantity.Of(group.Count(), Role(group.Key))));
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

    /// <summary>What the object is, and whether the kernel can run it.</summary>
    public static IEnumerable<CheckResult> OfTool(Tool tool, TargetKernel kernel, Func<string, string, string> resolvePath)
    {
        int maps = tool.File.Maps.Count(map => !map.IsInternal);
        yield return new CheckResult("Object", CheckState.Ok, $"{tool.Name} is sound: {Count(tool.File.Programs.Count, "program")}, {Count(maps, "map")}, {Count(tool.File.Parameters.Count, "parameter")}. Asked: {kernel.Name}.") { Target = tool.Origin };
        foreach (MetadataFault fault in MetadataCheck.Check(tool.Metadata, tool.File))
        {
            yield return new CheckResult("Config", CheckState.Warning, $"What the image says of {fault.Place} does not fit its program: {fault.Message}") { Target = fault.Place };
        }

        foreach (CheckResult result in CompatibilityCheck.Run(tool.File, kernel, resolvePath))
        {
            yield return result;
        }
    }

    /// <summary>The result for a program that cannot be read.</summary>
    public static CheckResult Damaged(string reference, BpfObjectException fault) => new("Object", CheckState.Failed, fault.Message) { Target = reference };

    private static string Count(int count, string one) => Quantity.Of(count, one);

    private const string Signature = "Signature";

    /// <summary>Why the image passes, a result each; or that it does not. Nothing where nobody asks for a signature.</summary>
    /// <param name="target">The image or file.</param>
    /// <param name="verify">Decides over it: gives the reasons, or throws.</param>
    public static IEnumerable<CheckResult> OfSignature(string target, Func<IReadOnlyList<string>> verify)
    {
        IReadOnlyList<string> reasons;
        try
        {
            reasons = verify();
        }
        catch (TrustException refused)
        {
            return [Refused(target, refused)];
        }

        return reasons.Select(reason => new CheckResult(Signature, CheckState.Ok, reason) { Target = target });
    }

    /// <summary>The result for something that is not trusted.</summary>
    public static CheckResult Refused(string target, TrustException refused) => new(Signature, CheckState.Failed, refused.Message) { Target = target, Remedy = ErrorRecords.Remedy(refused) };
}
