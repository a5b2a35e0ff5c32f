# Runs one tool and writes its events as JSON lines: the entry point of Bee's containers and systemd units (docs/containers.md).
#   pwsh -NoProfile -NonInteractive -File bee-run.ps1 IMAGE [ARGUMENT...]
# No param block: PowerShell would treat --parameter as a parameter of the script.
$ErrorActionPreference = 'Stop'
try { Import-Module "$PSScriptRoot/Bee.psd1" }
catch {
    [Console]::Error.WriteLine("bee-run: Cannot load the module: $_ (exit code 1)")
    exit 1
}
exit [Bee.Cmdlets.Deployments.ToolRun]::Main([Environment]::GetCommandLineArgs(), $PSCommandPath)
