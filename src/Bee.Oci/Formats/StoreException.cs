using Bee.Posix;

namespace Bee.Oci.Formats;

/// <summary>The reason for a <see cref="StoreException"/>. The names are stable: error ids contain them.</summary>
public enum StoreFault
{
    /// <summary>A file operation failed: disk full, read-only file system, I/O error.</summary>
    Io,

    /// <summary>No permission to read or write the store.</summary>
    NoPermission,

    /// <summary>The path is not an OCI image layout, or one of an unknown version.</summary>
    NotAStore,

    /// <summary>No image has this reference.</summary>
    NotFound,

    /// <summary>A short name or digest prefix matches several images.</summary>
    Ambiguous,

    /// <summary>The reference does not follow the grammar.</summary>
    BadReference,

    /// <summary><c>index.json</c> is malformed.</summary>
    DamagedIndex,

    /// <summary>A manifest is malformed.</summary>
    DamagedManifest,

    /// <summary>A config is malformed.</summary>
    DamagedConfig,

    /// <summary>A blob of an image is missing.</summary>
    MissingBlob,

    /// <summary>Content does not match the digest or size of its descriptor.</summary>
    DigestMismatch,

    /// <summary>Content is larger than the limit for its kind.</summary>
    TooLarge,

    /// <summary>A tar archive or layer is damaged, has an unknown compression, or contains forbidden entries (a link, a path outside).</summary>
    BadArchive,

    /// <summary>The image has no eBPF program, or none for this platform.</summary>
    NoProgram,

    /// <summary>The text is not a platform with eBPF.</summary>
    BadPlatform,

    /// <summary>The base of a container does not contain Bee.</summary>
    NotABase,

    /// <summary>The content to store in an image is invalid or too large.</summary>
    BadContent,

    /// <summary>Another process held the store's lock until the timeout.</summary>
    Busy,

    /// <summary>The store belongs to another user, is writable by others, or its path contains a symbolic link.</summary>
    Untrusted,

    /// <summary>This process may only read the store.</summary>
    ReadOnly,
}

/// <summary>An operation on an image store failed. A malformed store causes no other exception.</summary>
public sealed class StoreException : BeeException
{
    /// <summary>Creates an exception.</summary>
    public StoreException(StoreFault fault, string message, Exception? inner = null)
        : base($"Store.{fault}", message, inner: inner) => Fault = fault;

    /// <summary>The reason.</summary>
    public StoreFault Fault { get; }

    /// <summary>Returns the exception for a lock that another process holds.</summary>
    internal static StoreException Busy(string path, TimeSpan patience) =>
        new(StoreFault.Busy, $"Another process has held '{path}' for {patience.TotalSeconds:0} seconds. Try again when that process has finished.");
}

/// <summary>The largest sizes of content that is read, in bytes.</summary>
internal static class StoreLimits
{
    /// <summary>A manifest or config: 4 MiB, the limit of registries.</summary>
    public const int Manifest = 4 << 20;

    /// <summary>A program: 64 MiB. The kernel accepts at most a million instructions (8 MB); the rest is BTF and data.</summary>
    public const int Program = 64 << 20;

    /// <summary><c>index.json</c>: 64 MiB, room for a hundred thousand images.</summary>
    public const int Index = 64 << 20;
}

/// <summary>Converts exceptions of file operations to <see cref="StoreException"/>.</summary>
internal static class Fault
{
    /// <summary>Runs a file operation, and converts its I/O exceptions.</summary>
    /// <param name="path">The path, for messages.</param>
    /// <param name="work">The operation.</param>
    /// <param name="kind">What the path is, for messages, such as <c>image store</c>.</param>
    /// <exception cref="StoreException">A file operation failed.</exception>
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

    /// <summary>Runs an operation without a result on files.</summary>
    public static void Wrap(string path, Action work, string kind = "image store") => Wrap(
        path,
        () =>
        {
            work();
            return true;
        },
        kind);

    /// <summary>Returns the exception for a failed file operation.</summary>
    public static StoreException From(Exception error, string path, string kind = "image store") => error switch
    {
        UntrustedPathException { Reason: UntrustedReason.Link } => new StoreException(
            StoreFault.Untrusted, $"{error.Message} The folder of an {kind} may be a link, but nothing in it.", error),
        UntrustedPathException => new StoreException(StoreFault.Untrusted, error.Message, error),
        PosixException { IsNotFolder: true } => new StoreException(StoreFault.NotAStore, $"'{path}' is not a directory, so it cannot be an {kind}.", error),
        NotRegularFileException => new StoreException(StoreFault.NotAStore, error.Message, error),
        UnauthorizedAccessException => new StoreException(StoreFault.NoPermission, $"No permission on the {kind} '{path}': {error.Message}", error),
        _ => new StoreException(StoreFault.Io, $"The {kind} '{path}' cannot be used: {error.Message}", error),
    };
}
