using System.Management.Automation.Host;

namespace Bee.Cmdlets;

/// <summary>How many columns the terminal has: tables and bars are made for it.</summary>
internal static class ScreenWidth
{
    /// <summary>The width without a terminal, or if the host does not report one.</summary>
    public const int Default = 80;

    // Below, a table has no room for names; above, a bar says no more.
    private const int Least = 40, Most = 1000;

    /// <summary>The width of a host's screen, between 40 and 1000.</summary>
    /// <param name="host">The host, or null.</param>
    public static int Of(PSHost? host)
    {
        try
        {
            return host?.UI?.RawUI?.BufferSize.Width is { } width and > 0 ? Math.Clamp(width, Least, Most) : Default;
        }
        catch (Exception fault) when (fault is HostException or NotImplementedException or NotSupportedException or InvalidOperationException or IOException)
        {
            // A host without a screen, such as a service's or that of a remote session.
            return Default;
        }
    }
}
