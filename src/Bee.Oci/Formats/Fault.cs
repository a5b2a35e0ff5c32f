using Bee.Posix;

namespace Bee.Oci.Formats;

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
        PosixException { IsNotFolder: true } => new StoreException(StoreFault.NotAStore, $"'{path}' is no directory, so no {kind}.", error),
        NotRegularFileException => new StoreException(StoreFault.NotAStore, error.Message, error),
        UnauthorizedAccessException => new StoreException(StoreFault.NoPermission, $"No permission on the {kind} '{path}': {error.Message}", error),
        _ => new StoreException(StoreFault.Io, $"The {kind} '{path}' cannot be used: {error.Message}", error),
    };
}
