using Bee.Ebpf.Checks;
using Bee.Oci.Trust;

namespace Bee.Cmdlets;

/// <summary>The check whether an image is trusted. What is not is a result, not an error: that is what was asked.</summary>
internal static class SignatureChecks
{
    private const string Name = "Signature";

    /// <summary>Why the image passes, a result each; or that it does not. Nothing where nobody asks for a signature.</summary>
    /// <param name="target">The image or file.</param>
    /// <param name="verify">Decides over it: gives the reasons, or throws.</param>
    public static IEnumerable<CheckResult> Run(string target, Func<IReadOnlyList<string>> verify)
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

        return reasons.Select(reason => new CheckResult(Name, CheckState.Ok, reason) { Target = target });
    }

    /// <summary>The result for something that is not trusted.</summary>
    public static CheckResult Refused(string target, TrustException refused) => new(Name, CheckState.Failed, refused.Message) { Target = target, Remedy = ErrorRecords.Remedy(refused) };
}
