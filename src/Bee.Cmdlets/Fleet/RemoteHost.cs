using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Bee.Posix;
using Microsoft.Win32.SafeHandles;

namespace Bee.Cmdlets.Fleet;

/// <summary>
/// One connection to a host: an ssh process that runs the agent there. The agent's standard input and output are streams. The agent ends when its input ends, so it does not outlive this process.
/// </summary>
internal sealed class RemoteHost : IDisposable
{
    private const int MostErrorText = 8192;
    private const int SshFailed = 255;
    private const int SpareFiles = 64;
    private static readonly TimeSpan s_exit = TimeSpan.FromSeconds(1);

    private readonly Process _ssh;
    private readonly StringBuilder _errors = new();
    private readonly Task _errorReader;
    private int _isStopped;

    private RemoteHost(HostAddress address, Process ssh)
    {
        Address = address;
        _ssh = ssh;
        _errorReader = Task.Run(ReadErrors);
    }

    /// <summary>The host.</summary>
    public HostAddress Address { get; }

    /// <summary>The host as the user gave it.</summary>
    public string Name => Address.Name;

    /// <summary>The standard input of the agent. Writes wait while the host does not read.</summary>
    public Stream Input => _ssh.StandardInput.BaseStream;

    /// <summary>The standard output of the agent. Text of the host's shell may precede the agent's.</summary>
    public Stream Output => _ssh.StandardOutput.BaseStream;

    /// <summary>The process id of ssh.</summary>
    public int ProcessId => _ssh.Id;

    /// <summary>Starts ssh, and does not wait for the connection.</summary>
    /// <exception cref="FleetException">This machine has no ssh, or cannot start it.</exception>
    public static RemoteHost Start(HostAddress host, SshOptions options)
    {
        var start = new ProcessStartInfo("ssh") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (string argument in options.Arguments(host).Append(AgentScript.Command(options)))
        {
            start.ArgumentList.Add(argument);
        }

        if (!HasFiles())
        {
            throw NotStarted(host.Name, new Win32Exception(Libc.EMFILE));
        }

        try
        {
            return new RemoteHost(host, Process.Start(start)!);
        }
        catch (Win32Exception e)
        {
            throw NotStarted(host.Name, e);
        }
    }

    /// <summary>Returns the error of a start of ssh.</summary>
    /// <param name="host">The host as the user gave it.</param>
    /// <param name="cause">The error of the system, or that of a thread that does not start.</param>
    internal static FleetException NotStarted(string host, Exception cause)
    {
        string what = $"ssh for {host} cannot be started: {cause.Message.TrimEnd('.')}";
        return ((cause as Win32Exception)?.NativeErrorCode ?? Libc.EAGAIN) switch
        {
            Libc.ENOENT or Libc.EACCES => new FleetException(FleetFault.SshMissing, host, $"{what}.", "Install the client of OpenSSH (package openssh-client), and check that ssh is on PATH.", cause),
            Libc.EMFILE => Exhausted($": ulimit -n is {Limit(Libc.RLIMIT_NOFILE)}", "Give fewer hosts, or raise the limit before PowerShell starts: 'ulimit -n 16384', or LimitNOFILE= of the service. Each host takes three files."),
            Libc.ENFILE => Exhausted(": the limit of the machine, sysctl fs.file-max, is reached", "Give fewer hosts, or raise the limit with sysctl."),
            Libc.EAGAIN => Exhausted($": ulimit -u is {Limit(Libc.RLIMIT_NPROC)}", "Give fewer hosts, or raise the limit of processes and threads: 'ulimit -u', TasksMax= of the service, or pids.max of the container."),
            Libc.ENOMEM => Exhausted(string.Empty, "Give fewer hosts, or free memory. Each host takes one process of ssh."),
            _ => Exhausted(string.Empty, "Check that 'ssh -V' prints a version."),
        };

        FleetException Exhausted(string limit, string remedy) => new(FleetFault.SshNotStarted, host, $"{what}{limit}.", remedy, cause);
    }

    // Without a free file descriptor, .NET ends the process: it needs some to load code and to start threads.
    private static bool HasFiles()
    {
        try
        {
            // The kernel gives the lowest free number.
            using SafeFileHandle lowest = File.OpenHandle("/dev/null");
            return SoftLimit(Libc.RLIMIT_NOFILE) is not { } limit || lowest.DangerousGetHandle() + SpareFiles < (long)limit;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static string Limit(int resource) => SoftLimit(resource) is { } limit ? $"{limit}" : "unlimited";

    private static unsafe ulong? SoftLimit(int resource)
    {
        nuint* limits = stackalloc nuint[2];
        return Libc.getrlimit(resource, limits) == 0 && limits[0] < long.MaxValue ? limits[0] : null;
    }

    /// <summary>Returns why the agent ended, or ends it and returns why its output is unusable. Call it when <see cref="Output"/> has ended or is not of the protocol.</summary>
    /// <param name="what">What happened, if ssh and the agent do not say why.</param>
    /// <param name="isStarted">Whether the agent had begun its output.</param>
    public FleetException Explain(string what, bool isStarted)
    {
        int? code = ExitCode(s_exit);
        Stop(TimeSpan.Zero);
        _errorReader.Wait(s_exit);
        string text;
        lock (_errors)
        {
            text = TerminalText.ShowLines(_errors.Replace("\r", string.Empty).ToString().Trim());
        }

        if (text.Split('\n').LastOrDefault(line => line.StartsWith(AgentScript.Mark, StringComparison.Ordinal)) is { } marked)
        {
            string[] parts = marked.Split(' ', 3);
            return Marked(Enum.TryParse(parts[1], out FleetFault fault) ? fault : FleetFault.AgentFailed, parts.ElementAtOrDefault(2) ?? string.Empty);
        }

        string last = text.Split('\n') is { Length: > 3 } lines ? string.Join('\n', lines[^3..]) : text;
        if (isStarted)
        {
            // What .NET writes when it ends by a defect, too.
            return new FleetException(FleetFault.ConnectionLost, Name, $"The connection to {Name} was lost: {(code == SshFailed && last.Length > 0 ? last : what)}{(code is null or 0 or SshFailed || last.Length == 0 ? string.Empty : $" It wrote: {last}")}", "Check the network, and run the command again. The host detaches the tool by itself.");
        }

        if (text.Split('\n').LastOrDefault(line => line.StartsWith("sudo: ", StringComparison.Ordinal)) is { } refusal)
        {
            return new FleetException(FleetFault.SudoRefused, Name, $"sudo on {Name} does not start PowerShell: {refusal["sudo: ".Length..]}", $"Allow it without a password there: 'USER ALL=(root) NOPASSWD: /usr/bin/pwsh' in /etc/sudoers.d, with the user's name and the path of pwsh. '{Login} sudo -n -l' prints what is allowed.");
        }

        return code == SshFailed ? OfSsh(last)
            : new FleetException(FleetFault.AgentFailed, Name, $"The agent on {Name} did not start: {what}{(code is null ? string.Empty : $" The exit code was {code}.")}{(last.Length > 0 ? $" It wrote: {last}" : string.Empty)}", $"Check that '{Login} pwsh -Version' prints a version.");
    }

    /// <summary>Ends the agent: closes its input, waits for ssh, and then kills ssh. Callable from any thread.</summary>
    /// <param name="patience">How long to wait for ssh.</param>
    public void Stop(TimeSpan patience)
    {
        if (Interlocked.Exchange(ref _isStopped, 1) == 0)
        {
            try
            {
                Input.Close();
            }
            catch (Exception e) when (e is IOException or InvalidOperationException)
            {
                // ssh has ended.
            }
        }

        if (ExitCode(patience) is null)
        {
            Kill();
        }
    }

    /// <summary>Kills ssh, even if it is stopped. Its streams end.</summary>
    public void Kill()
    {
        try
        {
            _ssh.Kill();
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception)
        {
            // ssh has ended.
        }
    }

    /// <summary>Ends the agent at once.</summary>
    public void Dispose()
    {
        Stop(TimeSpan.Zero);
        ExitCode(s_exit);
        // Process.Dispose leaves streams open that were used.
        _ssh.StandardOutput.Dispose();
        _ssh.StandardError.Dispose();
        _ssh.Dispose();
    }

    // Null if ssh still runs. The reader's thread may ask after Dispose.
    private int? ExitCode(TimeSpan patience)
    {
        try
        {
            return _ssh.WaitForExit(patience) ? _ssh.ExitCode : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    // Without the user's options, which may be long.
    private string Login => $"ssh {(Address.Port is { } port ? $"-p {port} " : string.Empty)}{(Address.User is { } user ? $"{user}@" : string.Empty)}{Address.Host}";

    private async Task ReadErrors()
    {
        var block = new char[1024];
        try
        {
            while (await _ssh.StandardError.ReadAsync(block).ConfigureAwait(false) is > 0 and var count)
            {
                lock (_errors)
                {
                    _errors.Append(block, 0, count);
                    _errors.Remove(0, Math.Max(0, _errors.Length - MostErrorText));
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // Disposed while a process that ssh left behind still holds the pipe.
        }
    }

    private FleetException OfSsh(string text) =>
        text.Contains("Host key verification failed", StringComparison.Ordinal) || text.Contains("HOST IDENTIFICATION HAS CHANGED", StringComparison.Ordinal)
            ? new FleetException(FleetFault.HostKeyUnknown, Name, $"The key of {Name} is unknown or has changed: {text}", $"Compare the key with the host's own, and accept it once: {Login}.")
        : text.Contains("Permission denied", StringComparison.Ordinal) || text.Contains("Too many authentication failures", StringComparison.Ordinal)
            ? new FleetException(FleetFault.LoginRefused, Name, $"{Name} refuses the login: {text}", "Add your public key to the host's authorized_keys, or give the key's file. ssh asks for no password, and for no passphrase: load the key with ssh-add.")
        : new FleetException(FleetFault.Unreachable, Name, $"{Name} cannot be reached: {(text.Length > 0 ? text : "ssh gives no reason.")}", $"Check that '{Login}' logs in without a question.");

    private FleetException Marked(FleetFault fault, string text) => fault switch
    {
        FleetFault.ConnectionLost => new FleetException(fault, Name, $"The connection to {Name} was lost: {Name} {text}", "Check the network and the load of both machines, and run the command again. The host detaches the tool by itself."),
        FleetFault.SudoRefused => new FleetException(fault, Name, $"{Name} has no sudo.", "Install sudo there, or log in as root."),
        FleetFault.PowerShellMissing => new FleetException(fault, Name, $"{Name} has no PowerShell at '{text}'.", "Install PowerShell 7.4 or later there, or give its path."),
        FleetFault.ModuleMissing => new FleetException(fault, Name, $"{Name} does not have the module '{text}'.", "Install the module there (Install-PSResource Bee -Scope AllUsers), or give its folder."),
        FleetFault.OtherVersion => new FleetException(fault, Name, $"{Name} has version {text} of the module, which cannot run tools for other hosts.", "Install the same release of the module there as here."),
        _ => new FleetException(FleetFault.AgentFailed, Name, $"The agent on {Name} did not start: {text}", "Check that the module can be imported there."),
    };
}
