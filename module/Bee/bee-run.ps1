# Runs one tool and writes its events as lines of JSON: the entry point of Bee's containers and units (docs/containers.md).
#   pwsh -NoProfile -NonInteractive -File bee-run.ps1 IMAGE [ARGUMENT...]
# There is no param block: PowerShell would take --parameter as one of the script's own.
$ErrorActionPreference = 'Stop'
try { Import-Module "$PSScriptRoot/Bee.psd1" }
catch {
    [Console]::Error.WriteLine("bee-run: The module does not load: $_ (exit code 1)")
    exit 1
}
exit [Bee.Cmdlets.Deployments.ToolRun]::Main([Environment]::GetCommandLineArgs(), $PSCommandPath)
