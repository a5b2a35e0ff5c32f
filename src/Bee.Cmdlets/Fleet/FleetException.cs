using Bee.Posix;

namespace Bee.Cmdlets.Fleet;

/// <summary>The reasons why a tool does not run on another host. Each name is the second part of an error id.</summary>
internal enum FleetFault
{
    /// <summary>This machine has no ssh.</summary>
    SshMissing,

    /// <summary>This machine cannot start another ssh: a limit of files, processes or memory is reached.</summary>
    SshNotStarted,

    /// <summary>The host cannot be reached: its name is unknown, it does not answer, or no ssh server listens.</summary>
    Unreachable,

    /// <summary>The key of the host is unknown, or has changed.</summary>
    HostKeyUnknown,

    /// <summary>The host accepts none of the user's keys.</summary>
    LoginRefused,

    /// <summary>The host has no PowerShell.</summary>
    PowerShellMissing,

    /// <summary>sudo on the host is missing, or does not start PowerShell without a password.</summary>
    SudoRefused,

    /// <summary>The host does not have the module.</summary>
    ModuleMissing,

    /// <summary>The host has a release of the module with another protocol.</summary>
    OtherVersion,

    /// <summary>The agent on the host did not start, or ended without a result.</summary>
    AgentFailed,

    /// <summary>The connection to the host was lost.</summary>
    ConnectionLost,

    /// <summary>The host sent bytes that are not of the protocol.</summary>
    Damaged,

    /// <summary>The host reported an error of the tool. Its record has the id of that error, if this release knows it.</summary>
    Failed,
}

/// <summary>A tool does not run, or no longer runs, on another host.</summary>
public sealed class FleetException : BeeException
{
    internal FleetException(FleetFault fault, string host, string message, string? remedy = null, Exception? inner = null)
        : base($"Fleet.{fault}", message, remedy, inner) => (Fault, HostName) = (fault, host);

    /// <summary>The kind of error.</summary>
    internal FleetFault Fault { get; }

    /// <summary>The host as the user gave it.</summary>
    public string HostName { get; }
}
