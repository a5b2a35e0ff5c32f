<#
.SYNOPSIS
Measures how many sources of other projects Bee builds, types, checks and loads.
.DESCRIPTION
Each source goes through Invoke-BeeBuild unchanged. Its image is then read (do all ring and perf buffers have a record type?), checked for the running kernel
(Test-BeeImage), and its object is loaded through Bee's library. Nothing is attached, so no program sees another process.
The list of collections is a JSON file; README.md in this folder has its form. The sources are the caller's: this script fetches nothing.
.EXAMPLE
./tests/Reach/Measure-Collection.ps1 ./collections.json -OutFile ./after.json
Prints a table with one row for each collection, and writes one record for each source.
#>
[CmdletBinding()]
param(
    # The JSON file with the collections. Paths in it start at its folder.
    [Parameter(Mandatory, Position = 0)]
    [string] $List,

    # One record for each source, as JSON.
    [string] $OutFile,

    # The module to measure.
    [string] $Module = (Join-Path $PSScriptRoot ../../module/Bee),

    # Names of collections; wildcards are allowed.
    [string[]] $Name = '*',

    # Measures only sources whose path matches.
    [string] $Source = '*'
)

$ErrorActionPreference = 'Stop'
Import-Module $Module
$records = [System.Collections.Generic.List[object]]::new()
$work = [IO.Directory]::CreateTempSubdirectory('reach-').FullName
$root = Split-Path (Resolve-Path $List)

# Programs for an interface, a cgroup or a namespace load only when one is named. Nothing attaches to it.
$cgroup = @(Get-Content /proc/mounts | Where-Object { $_ -match '^\S+ (\S+) cgroup2 ' } | ForEach-Object { $Matches[1] })[0]
$targets = @{ Interfaces = [string[]]'lo'; Cgroup = $cgroup; NetworkNamespace = '/proc/self/ns/net' }

# What the author's own loader knows of a source, and no object says. A module that has no such parameter does without.
function Get-Loader($Collection, [string] $Path) {
    $entry = $Collection.loader ? $Collection.loader.PSObject.Properties[$Path]?.Value : $null
    $entry ? ($entry | ConvertTo-Json -Depth 4 | ConvertFrom-Json -AsHashtable) : @{}
}

function Get-Options($Loader, $File) {
    $options = @{} + $targets
    if ($Loader.Skip -and [Bee.Ebpf.BpfSessionOptions].GetProperty('Load')) {
        $options.Load = [System.Collections.Generic.Dictionary[string, bool]]::new()
        $File.Programs.Name | Where-Object { $name = $_; $Loader.Skip | Where-Object { $name -like $_ } } | ForEach-Object { $options.Load[$_] = $false }
    }

    if ($Loader.MapSize -and [Bee.Ebpf.BpfSessionOptions].GetProperty('MapSizes')) {
        $options.MapSizes = [System.Collections.Generic.Dictionary[string, uint]]::new()
        $Loader.MapSize.GetEnumerator() | ForEach-Object { $options.MapSizes[$_.Key] = $_.Value }
    }

    [Bee.Ebpf.BpfSessionOptions]$options
}

function Measure-Source($Collection, [string] $Path) {
    $record = [ordered]@{ Collection = $Collection.name; Source = $Path; Built = $false; Buffers = 0; Untyped = @(); Passed = $false; Fits = $false; Loaded = $false; HostRefuses = $false; BuildError = $null; CheckErrors = @(); LoadError = $null; Warnings = @() }
    $build = @{ Tag = 'reach:latest'; Store = "$work/store"; OutFile = "$work/object.o"; ErrorAction = 'SilentlyContinue'; ErrorVariable = 'faults'; WarningAction = 'SilentlyContinue'; WarningVariable = 'warnings' }
    $loader = Get-Loader $Collection $Path
    if ($loader.RecordType -and (Get-Command Invoke-BeeBuild).Parameters.ContainsKey('RecordType')) { $build.RecordType = $loader.RecordType }
    $folders = @($Collection.includes | Where-Object { $_ } | ForEach-Object { Join-Path $root $Collection.root $_ })
    $flags = @($Collection.flags) + @($loader.CFlags) | Where-Object { $_ }
    if ((Get-Command Invoke-BeeBuild).Parameters.ContainsKey('IncludePath')) {
        if ($folders) { $build.IncludePath = $folders }
    }
    else {
        $flags = @($folders | ForEach-Object { "-I$_" }) + $flags
    }

    if ($flags) { $build.CFlags = $flags }

    try {
        $image = Invoke-BeeBuild (Join-Path $root $Collection.root $Path) @build
    }
    catch {
        $faults = @($_)
    }

    $record.Warnings = @($warnings | ForEach-Object { "$_" })
    if (-not $image) {
        $record.BuildError = "$(@($faults)[0])"
        return [PSCustomObject]$record
    }

    $record.Built = $true
    $buffers = @($image.Config.Maps | Where-Object Type -in RingBuffer, PerfEventArray)
    $record.Buffers = $buffers.Count
    $record.Untyped = @($buffers | Where-Object { -not $_.ValueType } | ForEach-Object Name)

    $failed = @(Test-BeeImage $image -Store "$work/store" -ErrorAction SilentlyContinue -ErrorVariable faults | Where-Object State -eq Failed)
    $record.Passed = -not $failed -and -not $faults
    $record.Fits = -not ($failed | Where-Object Name -ne AttachTargets) -and -not $faults
    $record.CheckErrors = @($failed | ForEach-Object { "$($_.Name): $($_.Message)" }) + @($faults | ForEach-Object { "$_" })

    try {
        $file = [Bee.Ebpf.Objects.ObjectFile]::Read("$work/object.o")
        [Bee.Ebpf.BpfSession]::Load($file, (Get-Options $loader $file)).Dispose()
        $record.Loaded = $true
    }
    catch {
        $record.LoadError = $_.Exception.GetBaseException().Message
        # A kernel under lockdown, or with a security module, denies whole kinds of programs, and the helper that writes into processes.
        $record.HostRefuses = $record.LoadError -match 'before verifying it: Operation not permitted|cannot use helper bpf_probe_write_user'
    }

    [PSCustomObject]$record
}

try {
    foreach ($collection in (Get-Content $List -Raw | ConvertFrom-Json | Where-Object { $one = $_; $Name | Where-Object { $one.name -like $_ } })) {
        $folder = Join-Path $root $collection.root
        $paths = $collection.sources | ForEach-Object { Get-ChildItem (Join-Path $folder $_) -File } |
            Where-Object { Select-String -LiteralPath $_ -Pattern '\bSEC\("(?!\.maps|\.struct_ops|license|version)' -Quiet } |
            ForEach-Object { [IO.Path]::GetRelativePath($folder, $_.FullName) } | Where-Object { $_ -like $Source } | Sort-Object -Unique
        foreach ($path in $paths) {
            $records.Add((Measure-Source $collection $path))
            Write-Verbose ($records[-1] | ConvertTo-Json -Compress)
        }
    }
}
finally {
    Remove-Item $work -Recurse -Force
    if ($OutFile) { ConvertTo-Json @($records) -Depth 4 | Set-Content $OutFile }
}

function Get-Row([string] $Label, $Of) {
    [PSCustomObject]@{
        Collection = $Label
        Sources = $Of.Count
        Built = @($Of | Where-Object Built).Count
        WithBuffers = @($Of | Where-Object Buffers).Count
        Typed = @($Of | Where-Object { $_.Buffers -and -not $_.Untyped }).Count
        Fits = @($Of | Where-Object Fits).Count
        Passed = @($Of | Where-Object Passed).Count
        Loaded = @($Of | Where-Object Loaded).Count
        HostRefuses = @($Of | Where-Object HostRefuses).Count
    }
}

$records | Group-Object Collection | ForEach-Object { Get-Row $_.Name $_.Group }
Get-Row 'all' $records
