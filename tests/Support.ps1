# Functions that the Pester files share. Each file dot-sources them in its BeforeAll.

$root = Split-Path $PSScriptRoot
$module = Join-Path $root 'module' 'Bee'
if (-not (Test-Path (Join-Path $module 'Bee.Cmdlets.dll'))) { throw 'module/Bee is not built. Run ./build.sh build first.' }
Import-Module $module

# Returns the reason why a test cannot load programs; null if it can.
function Get-KernelObstacle {
    if ([Environment]::UserName -ne 'root') { 'loading programs takes root' }
    elseif (-not (Test-Path /sys/kernel/btf/vmlinux)) { 'this kernel brings no BTF' }
    elseif (-not (Test-Path /sys/kernel/tracing/events/enable)) { 'tracefs is not mounted' }
}

# Skips a test that loads programs, if that is impossible. Call it in the test itself, so that the report has the reason.
function Skip-WithoutKernel { if ($why = Get-KernelObstacle) { Set-ItResult -Skipped -Because $why } }

# Waits until a condition holds. Throws after a minute, which only a hang exceeds, also on a busy machine.
function Wait-Until([scriptblock] $Condition) {
    $deadline = [DateTime]::UtcNow.AddMinutes(1)
    while (-not (& $Condition)) {
        if ([DateTime]::UtcNow -gt $deadline) { throw "After a minute it does not hold: $Condition" }
        Start-Sleep -Milliseconds 20
    }
}

# A shell that starts /bin/true repeatedly, for five minutes at most, for tests to observe. The caller kills it.
function Start-Load {
    $start = [Diagnostics.ProcessStartInfo]::new('/bin/sh')
    '-c', 'i=0; while [ $i -lt 6000 ]; do /bin/true; sleep 0.05; i=$((i + 1)); done' | ForEach-Object { $start.ArgumentList.Add($_) }
    [Diagnostics.Process]::Start($start)
}

# Returns the ids of the programs and links that this process holds.
function Get-KernelId {
    foreach ($file in [IO.Directory]::GetFiles('/proc/self/fdinfo')) {
        try { [IO.File]::ReadAllLines($file) -match '^(prog_id|link_id):' -replace '\s' } catch [IO.IOException] { }
    }
}

# Returns the command that starts the same PowerShell: pwsh, or dotnet and pwsh.dll if it is a .NET tool.
function Get-PowerShellCommand {
    $file = [Environment]::ProcessPath
    $file
    if ((Split-Path -Leaf $file) -eq 'dotnet') { Join-Path $PSHOME pwsh.dll }
}

# Runs the same PowerShell without a profile.
function Invoke-PowerShell {
    $file, [string[]] $first = Get-PowerShellCommand
    & $file @first -NoProfile -NonInteractive @args
}

# Returns the command that starts the same PowerShell as a process that can be killed. The process is the session itself.
function Get-PowerShellStart {
    $file, [string[]] $first = Get-PowerShellCommand
    [Diagnostics.ProcessStartInfo]::new($file, [string[]] ($first + '-NoProfile' + '-NonInteractive' + $args))
}

# Returns the output of a script on a screen of 80 columns, in its own PowerShell, as plain lines.
function Get-Screen([string] $Script) {
    $start = Get-PowerShellStart -Command "`$PSStyle.OutputRendering = 'PlainText'; Import-Module '$module'; $Script"
    $start.Environment['COLUMNS'] = '80'
    $start.Environment['NO_COLOR'] = '1'
    $start.RedirectStandardOutput = $true
    $process = [Diagnostics.Process]::Start($start)
    $process.StandardOutput.ReadToEnd().Split("`n").TrimEnd()
    $process.WaitForExit()
}

# A shell that opens a file and starts /bin/true repeatedly, for five minutes at most. The caller kills it.
function Start-OpenLoad {
    $start = [Diagnostics.ProcessStartInfo]::new('/bin/sh')
    '-c', 'i=0; while [ $i -lt 6000 ]; do read x < /etc/hostname; /bin/true; sleep 0.05; i=$((i + 1)); done' | ForEach-Object { $start.ArgumentList.Add($_) }
    [Diagnostics.Process]::Start($start)
}

# Returns the reason why a test cannot have a registry; null if it can.
function Get-RegistryObstacle { if (-not (Get-Command docker-registry -ErrorAction Ignore)) { 'needs docker-registry, which is not installed' } }

# Skips a test that needs a registry. Call it in the test itself, so that the report has the reason.
function Skip-WithoutRegistry { if ($why = Get-RegistryObstacle) { Set-ItResult -Skipped -Because $why } }

# Starts Debian's registry on a loopback port that the system chooses, with its content in a folder. The caller kills the process; Name is its host and port.
function Start-Registry([string] $Folder) {
    $null = New-Item -ItemType Directory -Force $Folder
    Set-Content "$Folder/config.yml" @"
version: 0.1
log: { formatter: json }
storage: { filesystem: { rootdirectory: $Folder/content }, delete: { enabled: true } }
http: { addr: 127.0.0.1:0 }
"@
    $process = Start-Process docker-registry serve, "$Folder/config.yml" -PassThru -RedirectStandardOutput "$Folder/out" -RedirectStandardError "$Folder/log"
    function Find-Address { if ((Get-Content "$Folder/out", "$Folder/log" -Raw -ErrorAction Ignore) -join '' -match 'listening on (127\.0\.0\.1:\d+)') { $Matches[1] } }
    Wait-Until {
        if ($process.HasExited) { throw "docker-registry did not start: $(Get-Content "$Folder/log" -Raw)" }
        Find-Address
    }
    [pscustomobject]@{ Process = $process; Name = Find-Address }
}

# Adds a container image with an empty layer to a store, under the name of the default base image. Its containers cannot run.
function Add-ContainerBase([string] $Store) {
    $layout = Join-Path (Get-PSDrive TestDrive).Root "base-$(New-Guid)"
    $blobs = New-Item -ItemType Directory "$layout/blobs/sha256"
    function Add-Blob([byte[]] $Content, [string] $Type) {
        $hash = [Convert]::ToHexString([Security.Cryptography.SHA256]::HashData($Content)).ToLowerInvariant()
        [IO.File]::WriteAllBytes("$blobs/$hash", $Content)
        @{ mediaType = "application/vnd.oci.image.$Type"; digest = "sha256:$hash"; size = $Content.Length }
    }
    function Add-Document([hashtable] $Document, [string] $Type) { Add-Blob ([Text.Encoding]::UTF8.GetBytes(($Document | ConvertTo-Json -Depth 9))) $Type }

    # An empty tar archive consists of its end marker only.
    $layer = Add-Blob ([byte[]]::new(1024)) 'layer.v1.tar'
    $config = Add-Document @{
        os = 'linux'; architecture = [Runtime.InteropServices.RuntimeInformation]::OSArchitecture -replace 'X64', 'amd64' | ForEach-Object ToLowerInvariant
        config = @{ Entrypoint = @('/bin/run'); Labels = @{ 'bee.base' = '1' } }; rootfs = @{ type = 'layers'; diff_ids = @($layer.digest) }
    } 'config.v1+json'
    $manifest = Add-Document @{ schemaVersion = 2; mediaType = 'application/vnd.oci.image.manifest.v1+json'; config = $config; layers = @($layer) } 'manifest.v1+json'
    Set-Content "$layout/oci-layout" '{"imageLayoutVersion":"1.0.0"}'
    @{ schemaVersion = 2; manifests = @($manifest) } | ConvertTo-Json -Depth 9 | Set-Content "$layout/index.json"
    Import-BeeImage $layout -Tag bee-base:latest -Store $Store | Out-Null
    Remove-Item $layout -Recurse
}

# Returns the reason why a test cannot have hosts for ssh; null if it can.
function Get-SshObstacle {
    $folders = "${env:PATH}:/usr/sbin:/sbin".Split(':')
    if ('ssh', 'ssh-keygen', 'sshd' | Where-Object { $tool = $_; -not ($folders | Where-Object { Test-Path "$_/$tool" }) }) { 'needs ssh and sshd, which are not installed' }
}

# Skips a test that needs hosts for ssh. Call it in the test itself, so that the report has the reason.
function Skip-WithoutSsh { if ($why = Get-SshObstacle) { Set-ItResult -Skipped -Because $why } }

# Starts one sshd on loopback for each name; see tests/Support/Ssh/sshd.sh. Path is a folder with an ssh that knows the hosts and no others: put it first in $env:PATH.
# Settings are more lines of sshd_config for some hosts, by name. The caller calls Stop-SshHost; the end of this process ends the hosts too.
function Start-SshHost([string[]] $Name, [hashtable] $Settings = @{}) {
    $folder = [IO.Directory]::CreateTempSubdirectory('bee-ssh-').FullName
    foreach ($key in $Settings.Keys) { Set-Content "$folder/$key.conf" $Settings[$key] }
    $start = [Diagnostics.ProcessStartInfo]::new('/bin/sh', [string[]] ("$root/tests/Support/Ssh/sshd.sh", $folder, "$root/module", "$root/artifacts/pwsh" + $Name))
    $start.RedirectStandardInput = $start.RedirectStandardOutput = $true
    $process = [Diagnostics.Process]::Start($start)
    if ($process.StandardOutput.ReadLine() -ne 'ok') {
        $process.WaitForExit()
        Remove-Item $folder -Recurse -ErrorAction Ignore
        throw 'sshd did not start; the lines above have the reason.'
    }
    [pscustomobject]@{ Name = $Name; Process = $process; Folder = $folder; Path = "$folder/bin"; Configuration = "$folder/ssh_config"; KnownHosts = "$folder/known_hosts"; HomeFolder = "$folder/home" }
}

# Sends a command to the script of the hosts: kill, stop, cont or list, and a name. Returns the words of the answer, which for list are ids of processes.
function Send-SshHost($Hosts, [string] $Command, [string] $Name) {
    $Hosts.Process.StandardInput.WriteLine("$Command $Name")
    $Hosts.Process.StandardInput.Flush()
    $Hosts.Process.StandardOutput.ReadLine().Split(' ', [StringSplitOptions]::RemoveEmptyEntries) | Select-Object -Skip 1
}

# Ends the hosts, their sessions and all processes of these.
function Stop-SshHost($Hosts) {
    if (-not $Hosts) { return }
    $Hosts.Process.StandardInput.Close()
    $Hosts.Process.WaitForExit()
}

# Returns the PowerShell blocks of a page.
function Get-Block([string] $Text) {
    [regex]::Matches($Text, '(?ms)^```powershell\n(.*?)^```').ForEach{ $_.Groups[1].Value }
}

# Starts lines in a fresh session, in the clone. Images go to a store in the folder, and temporary folders below it. The output goes to files: a pipe would stay open as long as
# any process that a line has started.
function Start-Page([string] $Folder, [string[]] $Line, [string[]] $Environment = @()) {
    Set-Content "$Folder/page.ps1" ("`$ErrorActionPreference = 'Stop'`n" + ($Line -join "`n"))
    $file, [string[]] $first = Get-PowerShellCommand
    $run = "BEE_STORE=$Folder/store", "TMPDIR=$Folder", "PSModulePath=$(Split-Path $module)" + $Environment + 'sh', '-c', 'out=$1; shift; exec "$@" >$out/output 2>$out/messages', 'sh', $Folder, $file + $first + '-NoProfile', '-NonInteractive', '-File', "$Folder/page.ps1"
    $start = [Diagnostics.ProcessStartInfo]::new('env', [string[]] $run)
    $start.WorkingDirectory = $root
    [Diagnostics.Process]::Start($start)
}

# Returns the output of a session, which must write no message.
function Wait-Page([Diagnostics.Process] $Session, [string] $Folder) {
    try {
        $Session.WaitForExit()
        $Session.ExitCode | Should -Be 0 -Because (Get-Content "$Folder/output", "$Folder/messages" -Raw)
        Get-Content "$Folder/messages" | Should -BeNullOrEmpty
        Get-Content "$Folder/output" -Raw
    }
    finally {
        # A line that failed may have left processes.
        Get-Process sh, docker-registry -ErrorAction Ignore | Where-Object { (Get-Item "/proc/$($_.Id)/cwd" -ErrorAction Ignore).Target -like "$Folder*" } | Stop-Process
        Remove-Item "$Folder/page.ps1", "$Folder/output", "$Folder/messages"
    }
}

function Invoke-Page([string] $Folder, [string[]] $Line, [string[]] $Environment = @()) { Wait-Page (Start-Page $Folder $Line $Environment) $Folder }
