namespace Bee.Oci.Formats;

/// <summary>How much of an archive that anyone may have written is read before it is refused.</summary>
/// <param name="Entries">Entries.</param>
/// <param name="Bytes">Bytes of the whole archive, unpacked.</param>
internal sealed record ArchiveLimits(int Entries, long Bytes)
{
    /// <summary>For a layer, which has one object in it: 256 MiB, four times what a program may have.</summary>
    public static ArchiveLimits Layer { get; } = new(10_000, 4L * StoreLimits.Program);

    /// <summary>For an image layout: there is no limit on its bytes but the disk's, since they are not held in memory.</summary>
    public static ArchiveLimits Layout { get; } = new(200_000, long.MaxValue);
}
