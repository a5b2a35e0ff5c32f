using System.Runtime.InteropServices;

namespace Bee.Oci.Native;

/// <summary>Turns what the system says into <see cref="StoreException"/>.</summary>
internal static class Fault
{
    /// <summary>The exception for the last failed call of <see cref="LibC"/>.</summary>
    public static StoreException Last(string doing, string path) => From(Marshal.GetLastPInvokeError(), doing, path);

    /// <summary>The exception for an errno.</summary>
    public static StoreException From(int errno, string doing, string path)
    {
        StoreFault fault = errno is LibC.AccessDenied or LibC.NotPermitted or LibC.ReadOnlyFileSystem ? StoreFault.NoPermission : StoreFault.Io;
        return new StoreException(fault, $"Cannot {doing} '{path}': {Marshal.GetPInvokeErrorMessage(errno)}.");
    }

    /// <summary>Runs work so that what .NET's file classes throw comes out as <see cref="StoreException"/>.</summary>
    /// <param name="path">What it works on.</param>
    /// <param name="work">The work.</param>
    /// <param name="kind">What that is called.</param>
    public static T Wrap<T>(string path, Func<T> work, string kind = "image store")
    {
        try
        {
            return work();
        }
        catch (UnauthorizedAccessException e)
        {
            throw new StoreException(StoreFault.NoPermission, $"No permission on the {kind} '{path}': {e.Message}", e);
        }
        catch (IOException e)
        {
            throw new StoreException(StoreFault.Io, $"The {kind} '{path}' cannot be used: {e.Message}", e);
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
}
