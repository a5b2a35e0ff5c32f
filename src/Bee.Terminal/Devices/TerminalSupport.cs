namespace Bee.Terminal.Devices;

/// <summary>Whether this process has a terminal that a full-screen view can use.</summary>
public static class TerminalSupport
{
    /// <summary>Returns why a view cannot be shown, as the end of a sentence; null if it can.</summary>
    /// <remarks>Standard output must be a terminal, TERM must name one that moves the cursor, and the process must have a controlling terminal for keys.</remarks>
    public static string? WhyNot() => WhyNot(TerminalCalls.isatty(1) == 1, Environment.GetEnvironmentVariable("TERM"), File.Exists("/dev/tty") && CanOpen());

    /// <summary>Whether the user asks for no colors: the variable NO_COLOR is set and not empty (no-color.org).</summary>
    public static bool IsPlain => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    internal static string? WhyNot(bool isTerminal, string? term, bool hasControl) =>
        !isTerminal ? "standard output is not a terminal"
        : string.IsNullOrEmpty(term) ? "TERM is not set"
        : term is "dumb" or "unknown" ? $"TERM is {term}"
        : !hasControl ? "the process has no controlling terminal"
        : null;

    private static bool CanOpen()
    {
        int fd = TerminalCalls.open("/dev/tty", TerminalCalls.O_RDWR | TerminalCalls.O_NOCTTY | TerminalCalls.O_CLOEXEC);
        using var handle = new Microsoft.Win32.SafeHandles.SafeFileHandle(fd, ownsHandle: true);
        return fd >= 0;
    }
}
