using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Repositories;

namespace Bee.Oci.Transfer;

/// <summary>How an image is moved.</summary>
public sealed record TransferOptions
{
    /// <summary>
    /// The platform whose manifest is taken out of an index; null for the whole index. An image that says that it is for another platform is
    /// refused (<see cref="RegistryFault.NoPlatform"/>); one that says nothing is taken.
    /// </summary>
    public Platform? Platform { get; init; }

    /// <summary>How many blobs go at once; 1 or more.</summary>
    public int Concurrency { get; init; } = 4;

    /// <summary>Is counted up while the transfer runs; null for nobody.</summary>
    public TransferProgress? Progress { get; init; }

    /// <summary>
    /// Whether the image may be taken: called once for each transfer with what the reference stands for and where it is, after that is known by its
    /// digest and before anything is named. What it throws ends the transfer, and leaves nothing named.
    /// </summary>
    public Func<Descriptor, IReadOnlyRepository, CancellationToken, Task>? BeforeCommit { get; init; }

    /// <summary>Whether the signatures of the image go with it: the tag <c>sha256-….sig</c>, and what refers to its digest.</summary>
    public bool Signatures { get; init; } = true;

    /// <summary>
    /// Whether all else that is about the image goes with it too, such as attestations and bills of materials: the tags <c>sha256-….att</c> and
    /// <c>sha256-….sbom</c>, and what refers to its digest. What is about those in turn stays behind. Only together with <see cref="Signatures"/>.
    /// </summary>
    public bool Referrers { get; init; }

    /// <summary>Is told what a person may want to know; called on any thread.</summary>
    public Action<RegistryNote>? Note { get; init; }
}
