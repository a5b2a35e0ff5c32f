using System.Collections.ObjectModel;

namespace Bee.Oci.Trust;

/// <summary>Why an image passes: a sentence for each policy and for what the caller asked for; none if nothing was asked.</summary>
public sealed class TrustDecision : ReadOnlyCollection<string>
{
    internal TrustDecision(IList<string> reasons, bool isSigned)
        : base(reasons)
    {
        IsSigned = isSigned;
    }

    /// <summary>Whether a signature of the image was verified.</summary>
    public bool IsSigned { get; }
}
