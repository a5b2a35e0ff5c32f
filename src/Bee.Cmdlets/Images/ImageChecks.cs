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

/// <summary>Checks an image and the tool in it. A defect is a result, not an error record.</summary>
internal static class ImageChecks
{
    /// <summary>Checks an image, its signature and its tool.</summary>
    /// <param name="image">The image.</param>
    /// <param name="stores">The stores that have its blobs.</param>
    /// <param name="verifier">Verifies its signature.</param>
    /// <param name="read">Reads its tool. It is not called if the object is missing or damaged.</param>
    /// <param name="kernel">The kernel.</param>
    /// <param name="isOther">Whether the kernel is not this machine's.</param>
    /// <param name="location">Resolves the relative paths of attach targets.</param>
    public static IEnumerable<CheckResult> Run(Image image, ImageStores stores, ImageVerifier verifier, Func<Tool?> read, TargetKernel kernel, bool isOther, ISessionLocation location)
    {
        IReadOnlyCollection<BlobCheck> blobs = stores.Verify(image);
        IEnumerable<CheckResult> results = OfImage(image, blobs, isOther).Concat(OfSignature(image.Reference, () => verifier.Verify(image).Reasons));
        bool isWhole = image.Program is { } program && blobs.All(blob => blob.Fault is null || blob.Descriptor.Digest.ToString() != program.Digest);
        return isWhole ? results.Concat(OfProgram(image.Reference, read, kernel, location)) : results;
    }

    /// <summary>Checks a tool. A program that cannot be read is a result, not an error record.</summary>
    /// <param name="origin">The image's reference, or the file's path.</param>
    /// <param name="read">Reads the tool; returns null if its source does not compile, which has been reported.</param>
    /// <param name="kernel">The kernel.</param>
    /// <param name="location">Resolves the relative paths of attach targets.</param>
    public static IEnumerable<CheckResult> OfProgram(string origin, Func<Tool?> read, TargetKernel kernel, ISessionLocation location)
    {
        try
        {
            return read() is { } tool ? OfTool(tool, kernel, (program, path) => tool.ResolveTarget(program, path, isGiven: false, location)) : [];
        }
        catch (BpfObjectException fault)
        {
            return [Damaged(origin, fault)];
        }
    }

    /// <summary>Checks that the blobs match their digests, and that the image has a program for this machine.</summary>
    public static IEnumerable<CheckResult> OfImage(Image image, IReadOnlyCollection<BlobCheck> blobs, bool isOther)
    {
        foreach (BlobCheck blob in blobs.Where(blob => blob.Fault is not null))
        {
            yield return new CheckResult("Digests", CheckState.Failed, $"{image.Reference}: {Role(blob.Role)}: {blob.Fault!.Message}")
            {
                Target = blob.Descriptor.Digest.ToString(),
                Remedy = "Remove the image and build or pull it again.",
            };
        }

        if (blobs.All(blob => blob.Fault is null))
        {
            string pieces = string.Join(", ", blobs.GroupBy(blob => blob.Role).Select(group => group.Count() == 1 ? Role(group.Key) : Quantity.Of(group.Count(), Role(group.Key))));
            yield return new CheckResult("Digests", CheckState.Ok, $"{image.Reference}: {pieces} match their digests, {ViewText.Size(image.Size)} in total.") { Target = image.Digest };
        }

        if (image.Program is null && blobs.All(blob => blob.Fault is null))
        {
            yield return new CheckResult("Object", CheckState.Failed, image.Platforms.Count > 1
                ? $"{image.Reference} has no program for {Platform.Host}; it was built for {string.Join(", ", image.Platforms)}."
                : $"{image.Reference} has no eBPF program that Bee recognizes{(image.WhyNoProgram is { } why ? ": " + why : "")}.");
        }
        else if (image.Platform is { } platform && !isOther && !PlatformChoice.Fits(platform, Platform.Host))
        {
            yield return new CheckResult("Platform", CheckState.Failed, $"{image.Reference} was built for {platform}, but this machine is {Platform.Host}. The program would read the wrong registers.")
            {
                Target = platform.ToString(),
                Remedy = ImageNames.PlatformRemedy(image, platform),
            };
        }
    }

    private static string Role(BlobRole role) => role.ToString().ToLowerInvariant();

    /// <summary>Checks the object, its metadata, and whether the kernel can run it.</summary>
    public static IEnumerable<CheckResult> OfTool(Tool tool, TargetKernel kernel, Func<string, string, string> resolvePath)
    {
        int maps = tool.File.Maps.Count(map => !map.IsInternal);
        yield return new CheckResult("Object", CheckState.Ok, $"{tool.Name} is valid: {Count(tool.File.Programs.Count, "program")}, {Count(maps, "map")}, {Count(tool.File.Parameters.Count, "parameter")}. Checked against: {kernel.Name}.") { Target = tool.Origin };
        foreach (MetadataFault fault in MetadataCheck.Check(tool.Metadata, tool.File))
        {
            yield return new CheckResult("Config", CheckState.Warning, $"The image's metadata for {fault.Place} does not match its program: {fault.Message}") { Target = fault.Place };
        }

        foreach (CheckResult result in CompatibilityCheck.Run(tool.File, kernel, resolvePath))
        {
            yield return result;
        }
    }

    /// <summary>Returns the result for an object that cannot be read.</summary>
    public static CheckResult Damaged(string reference, BpfObjectException fault) => new("Object", CheckState.Failed, fault.Message) { Target = reference };

    private static string Count(int count, string one) => Quantity.Of(count, one);

    private const string Signature = "Signature";

    /// <summary>Returns one result for each reason why the image passes, or one for its rejection. Empty if no signature is required.</summary>
    /// <param name="target">The image or file.</param>
    /// <param name="verify">Verifies the image: returns the reasons, or throws.</param>
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

    /// <summary>Returns the result for an untrusted image or file.</summary>
    public static CheckResult Refused(string target, TrustException refused) => new(Signature, CheckState.Failed, refused.Message) { Target = target, Remedy = ErrorRecords.Remedy(refused) };
}
