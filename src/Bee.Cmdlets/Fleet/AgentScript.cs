using System.Management.Automation.Language;
using System.Text;

namespace Bee.Cmdlets.Fleet;

/// <summary>The command that starts the agent on a host: a line for the host's shell, which starts PowerShell with a small script. The script loads the module and calls the agent in it.</summary>
internal static class AgentScript
{
    /// <summary>Begins a line on standard error that says why the agent did not start: the mark, a name of <see cref="FleetFault"/>, and text.</summary>
    public const string Mark = "#bee ";

    // Non-interactive logins have a short PATH.
    private const string Folders = "/usr/local/bin:/snap/bin:/opt/microsoft/powershell/7:$HOME/.dotnet/tools";

    /// <summary>Returns the command for the login shell of a host. It contains nothing secret.</summary>
    public static string Command(SshOptions options)
    {
        string script = Convert.ToBase64String(Encoding.Unicode.GetBytes(Script(options)));
        // A single-quoted argument of sh means the same to every login shell. -InputFormat None keeps PowerShell from reading standard input, which the agent reads.
        // The empty line says that the login succeeded.
        return $"/bin/sh -c 'echo; PATH=\"$PATH:{Folders}\"; "
            + $"command -v -- \"{options.Pwsh}\" >/dev/null 2>&1 || {{ echo \"{Mark}{FleetFault.PowerShellMissing} {options.Pwsh}\" >&2; exit 91; }}; "
            + (options.Sudo ? $"command -v sudo >/dev/null 2>&1 || {{ echo \"{Mark}{FleetFault.SudoRefused}\" >&2; exit 91; }}; " : string.Empty)
            // sudo has a PATH of its own, so it gets a full path, with which its rules are written.
            + $"POWERSHELL_UPDATECHECK=Off POWERSHELL_TELEMETRY_OPTOUT=1 NO_COLOR=1 exec {(options.Sudo ? "sudo -n -- " : string.Empty)}\"$(command -v -- \"{options.Pwsh}\")\" -NoLogo -NoProfile -NonInteractive -InputFormat None -OutputFormat Text -EncodedCommand {script}'";
    }

    private static string Script(SshOptions options) => $$"""
        $ErrorActionPreference = 'Stop'; $ProgressPreference = 'SilentlyContinue'
        function Fail($fault, $text) { [Console]::Error.WriteLine("`n{{Mark}}$fault $text"); exit 92 }
        $name = '{{CodeGeneration.EscapeSingleQuotedStringContent(options.Module)}}'
        if (-not ($name -match '/' ? (Test-Path -LiteralPath $name) : (Get-Module -ListAvailable $name))) { Fail {{FleetFault.ModuleMissing}} $name }
        try { $module = Import-Module $name -PassThru -DisableNameChecking } catch { Fail {{FleetFault.AgentFailed}} $_ }
        $agent = $module.ExportedCmdlets['Invoke-BeeProgram'].ImplementingType.Assembly.GetType('Bee.Cmdlets.Agents.FleetAgent')
        if (-not $agent) { Fail {{FleetFault.OtherVersion}} $module.Version }
        exit $agent.GetMethod('Run', [type[]] @()).Invoke($null, @())
        """;
}
