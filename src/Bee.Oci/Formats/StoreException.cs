using Bee.Posix;

namespace Bee.Oci.Formats;

/// <summary>What went wrong in an image store. Stable: error ids are made of the names.</summary>
public enum StoreFault
{
    /// <summary>The file system refused: full, read-only, an I/O error.</summary>
    Io,

    /// <summary>No right to read or write the store.</summary>
    NoPermission,

    /// <summary>The directory is something else than an OCI image layout, or one of an unknown version.</summary>
    NotAStore,

    /// <summary>No image has this reference.</summary>
    NotFound,

    /// <summary>A short name or digest prefix fits several images.</summary>
    Ambiguous,

    /// <summary>The reference does not follow the grammar.</summary>
    BadReference,

    /// <summary><c>index.json</c> cannot be read as what it should be.</summary>
    DamagedIndex,

    /// <summary>A manifest cannot be read as what it should be.</summary>
    DamagedManifest,

    /// <summary>A config cannot be read as what it should be.</summary>
    DamagedConfig,

    /// <summary>A blob that a manifest names is not there.</summary>
    MissingBlob,

    /// <summary>Content has another digest or length than its descriptor says.</summary>
    DigestMismatch,

    /// <summary>Content is larger than <see cref="StoreLimits"/> allow.</summary>
    TooLarge,

    /// <summary>A tar archive or layer is damaged, compressed in an unknown way, or has in it what has no business there (a link, a path that leads out).</summary>
    BadArchive,

    /// <summary>The image has no eBPF program, or none for this platform.</summary>
    NoProgram,

    /// <summary>The text names no platform that has eBPF.</summary>
    BadPlatform,

    /// <summary>The image is not a container with Bee in it, so that no container can be made on it.</summary>
    NotABase,

    /// <summary>The content handed over for storing is not storable.</summary>
    BadContent,

    /// <summary>Another process holds the store's lock and did not let go in time.</summary>
    Busy,

    /// <summary>The store belongs to someone else, can be written by others, or leads over a symbolic link.</summary>
    Untrusted,

    /// <summary>The store may only be read by this process.</summary>
    ReadOnly,
}

/// <summary>An image store could not do what was asked. The only exception that a malformed store causes.</summary>
public sealed class StoreException : BeeException
{
    /// <summary>Makes one.</summary>
    public StoreException(StoreFault fault, string message, Exception? inner = null)
        : base($"Store.{fault}", message, inner: inner) => Fault = fault;

    /// <summary>What went wrong.</summary>
    public StoreFault Fault { get; }

    /// <summary>The fault of a lock that another process does not let go.</summary>
    internal static StoreException Busy(string path, TimeSpan patience) =>
        new(StoreFault.Busy, $"Another process has held '{path}' for {patience.TotalSeconds:0} seconds; try again when it is done.");
}

/// <summary>Sizes in bytes beyond which a store's content is refused rather than read.</summary>
internal static class StoreLimits
{
    /// <summary>Manifest or config: 4 MiB, as registries have it.</summary>
    public const int Manifest = 4 << 20;

    /// <summary>Program: 64 MiB. The kernel takes at most a million instructions (8 MB); the rest is BTF and data.</summary>
    public const int Program = 64 << 20;

    /// <summary><c>index.json</c>: 64 MiB, room for a hundred thousand images.</summary>
    public const int Index = 64 << 20;
}

/// <summary>Turns what fails on files into <see cref="StoreException"/>.</summary>
internal static class Fault
{
    /// <summary>Runs work on files.</summary>
    /// <param name="path">What it works on.</param>
    /// <param name="work">The work.</param>
    /// <param name="kind">What that is called.</param>
    /// <exception cref="StoreException">The work failed on a file.</exception>
    public static T Wrap<T>(string path, Func<T> work, string kind = "image store")
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw From(e, path, kind);
        }
    }

    /// <summary>The same for work that gives nothing.</summary>
    public static void Wrap(string path, Action work, string kind = "image store") => Wrap(
        path,
        () =>
        {
            work();
            return true;
        },
        kind);

    /// <summary>The exception for what failed on a file.</summary>
    public static StoreException From(Exception error, string path, string kind = "image store") => error switch
    {
        UntrustedPathException { Reason: UntrustedReason.Link } => new StoreException(
            StoreFault.Untrusted, $"{error.Message} The folder of an {kind} may be a link, but nothing in it.", error),
        UntrustedPathException => new StoreException(StoreFault.Untrusted, error.Message, error),
        PosixException { IsNotFolder: true } => new StoreException(StoreFault.NotAStore, $"'{path}' is not a directory, so no {kind}.", error),
        NotRegularFileException => new StoreException(StoreFault.NotAStore, error.Message, error),
        UnauthorizedAccessException => new StoreException(StoreFault.NoPermission, $"No permission on the {kind} '{path}': {error.Message}", error),
        _ => new StoreException(StoreFault.Io, $"The {kind} '{path}' cannot be used: {error.Message}", error),
    };
}
