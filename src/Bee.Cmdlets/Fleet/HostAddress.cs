using System.Collections;
using System.Globalization;
using Bee.Cmdlets.Errors;
using Bee.Posix;

namespace Bee.Cmdlets.Fleet;

/// <summary>A host that is reached by ssh.</summary>
/// <param name="Name">The host as the user gave it. Errors and events name it so.</param>
/// <param name="User">The user in the address; null if the address has none.</param>
/// <param name="Host">The name or address of the host, or an alias of the ssh configuration.</param>
/// <param name="Port">The port in the address; null if the address has none.</param>
internal sealed record HostAddress(string Name, string? User, string Host, int? Port)
{
    private const string Forms = "Give host, user@host, host:port or user@host:port. An IPv6 address with a port needs brackets: [::1]:22.";

    /// <summary>Parses an address.</summary>
    /// <param name="text">The address: <c>host</c>, <c>user@host</c>, <c>host:port</c>, <c>user@host:port</c>, <c>::1</c>, <c>[::1]:port</c>.</param>
    /// <exception cref="BeeInputException">The text is not an address.</exception>
    public static HostAddress Parse(string text)
    {
        string rest = text.Trim();
        string? user = null;
        if (rest.LastIndexOf('@') is >= 0 and var at)
        {
            (user, rest) = (rest[..at], rest[(at + 1)..]);
        }

        string? port = null;
        if (rest.StartsWith('['))
        {
            int end = rest.IndexOf(']');
            string after = end < 0 ? "?" : rest[(end + 1)..];
            if (after.Length > 0 && after[0] != ':')
            {
                throw Invalid(text);
            }

            port = after.Length > 0 ? after[1..] : null;
            rest = rest[1..end];
        }
        else if (rest.IndexOf(':') is >= 0 and var colon && colon == rest.LastIndexOf(':'))
        {
            (rest, port) = (rest[..colon], rest[(colon + 1)..]);
        }

        // ssh would read a name that begins with a dash as an option, and may pass the name to a shell in ProxyCommand or Match exec.
        if (!IsWord(rest) || (user is not null && !IsWord(user, isUser: true)) || (port is not null && !(int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number is > 0 and <= ushort.MaxValue)))
        {
            throw Invalid(text);
        }

        return new HostAddress(text.Trim(), user, rest, port is null ? null : int.Parse(port, CultureInfo.InvariantCulture));
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    // The characters that ssh of OpenSSH 9.6 and later refuses. A user may be DOMAIN\name.
    private static bool IsWord(string text, bool isUser = false) => text.Length > 0 && text[0] != '-'
        && !text.Any(letter => char.IsWhiteSpace(letter) || char.IsControl(letter) || "'`\"$;&<>|(){}".Contains(letter) || (letter == '\\' && !isUser));

    private static BeeInputException Invalid(string text) => new("BadHostName", $"'{TerminalText.Show(text)}' is not the address of a host.", Forms);
}

/// <summary>How hosts are reached by ssh, and how PowerShell and Bee are found there. The same for all hosts of a command.</summary>
internal sealed record SshOptions
{
    /// <summary>The default of <see cref="Throttle"/>, as of Invoke-Command.</summary>
    public const int DefaultThrottle = 32;

    /// <summary>The user for addresses without one; null for ssh's choice.</summary>
    public string? UserName { get; init; }

    /// <summary>The port for addresses without one; null for ssh's choice.</summary>
    public int? Port { get; init; }

    /// <summary>The full path of the private key; null for ssh's choice.</summary>
    public string? KeyFile { get; init; }

    /// <summary>Options of ssh_config(5), by name.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    /// <summary>The path or name of pwsh on the hosts.</summary>
    public string Pwsh { get; init; } = "pwsh";

    /// <summary>Whether sudo starts PowerShell on the hosts.</summary>
    public bool Sudo { get; init; }

    /// <summary>How many connections may be in the making at the same time.</summary>
    public int Throttle { get; init; } = DefaultThrottle;

    /// <summary>The folder or manifest of the module on the hosts, or its name.</summary>
    public string Module { get; init; } = "Bee";

    /// <summary>Reads the options from the parameters of a cmdlet.</summary>
    /// <exception cref="BeeInputException">A path contains characters that a shell would expand.</exception>
    public static SshOptions From(string? userName, int? port, string? keyFile, IDictionary? options, string? pwsh, string? module) => new()
    {
        UserName = userName,
        Port = port,
        KeyFile = keyFile,
        Options = (options ?? new Hashtable()).Cast<DictionaryEntry>().ToDictionary(one => $"{one.Key}", one => string.Create(CultureInfo.InvariantCulture, $"{one.Value}")),
        Pwsh = Plain(pwsh ?? Environment.GetEnvironmentVariable(EnvironmentVariables.RemotePwsh), "PwshPath") ?? "pwsh",
        Module = Plain(module ?? Environment.GetEnvironmentVariable(EnvironmentVariables.RemoteModule), "ModulePath") ?? "Bee",
    };

    /// <summary>Returns the arguments of ssh that precede the remote command.</summary>
    public IEnumerable<string> Arguments(HostAddress host)
    {
        yield return "-T";
        // ssh uses the first value of an option, so the user's come first.
        foreach ((string name, string value) in Options)
        {
            yield return "-o";
            yield return $"{name}={value}";
        }

        // ssh must not ask a question: many hosts would ask at once, and standard input carries the request.
        foreach (string fixedOption in (string[])["BatchMode=yes", "ConnectTimeout=10", "LogLevel=ERROR", "RequestTTY=no", "RemoteCommand=none", "ClearAllForwardings=yes", "EscapeChar=none"])
        {
            yield return "-o";
            yield return fixedOption;
        }

        if (KeyFile is not null)
        {
            yield return "-i";
            yield return KeyFile;
        }

        if ((host.Port ?? Port) is { } port)
        {
            yield return "-p";
            yield return port.ToString(CultureInfo.InvariantCulture);
        }

        if ((host.User ?? UserName) is { } user)
        {
            yield return "-l";
            yield return user;
        }

        yield return "--";
        yield return host.Host;
    }

    private static string? Plain(string? path, string parameter) => string.IsNullOrEmpty(path) ? null
        : path[0] != '-' && !path.Any(letter => char.IsControl(letter) || "'\"`$\\!".Contains(letter)) ? path
        : throw new BeeInputException("BadRemotePath", $"-{parameter} '{TerminalText.Show(path)}' has characters that a shell would interpret.", "Give a path without quotes, backslashes, $, ! and control characters.");
}
