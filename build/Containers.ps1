# Builds the container images of deploy/.

function Invoke-Engine {
    <#
    .SYNOPSIS
        Runs podman or docker. If it fails, prints its output and throws.
    #>
    param([Parameter(Mandatory)] [string] $Engine, [Parameter(ValueFromRemainingArguments)] [string[]] $Words)
    $output = & $Engine @Words 2>&1
    if ($LASTEXITCODE -ne 0) {
        $output | ForEach-Object { "$_" } | Out-Host
        throw "$Engine $Words failed: exit code $LASTEXITCODE"
    }
}

function New-ContainerContext {
    <#
    .SYNOPSIS
        Collects the files that deploy/Containerfile copies: this machine's .NET runtime, the PowerShell of .config/dotnet-tools.json, and the module. Returns the folder.
    #>
    $context = Join-Path $artifacts container context
    Remove-Item $context -Recurse -Force -ErrorAction Ignore
    $null = New-Item -ItemType Directory -Force $context, "$context/dotnet/host/fxr", "$context/dotnet/shared/Microsoft.NETCore.App"
    $version = (Get-Content "$root/.config/dotnet-tools.json" -Raw | ConvertFrom-Json).tools.powershell.version
    $shell = (Get-ChildItem "$artifacts/packages/powershell/$version/tools" -Recurse -Filter pwsh.dll | Where-Object { $_.Directory.Name -eq 'unix' }).DirectoryName
    if (-not $shell) { throw "PowerShell $version is not restored. Run ./build.sh container, which restores it." }
    $major = ([version] (Get-Content "$shell/pwsh.runtimeconfig.json" -Raw | ConvertFrom-Json).runtimeOptions.framework.version).Major
    $dotnet = Split-Path ([IO.FileInfo]::new((Get-Command dotnet).Source).ResolveLinkTarget($true)?.FullName ?? (Get-Command dotnet).Source)
    $runtime = Get-ChildItem "$dotnet/shared/Microsoft.NETCore.App" | Where-Object Name -Like "$major.*" | Sort-Object { [version] ($_.Name -replace '-.*') } | Select-Object -Last 1
    if (-not $runtime) { throw "PowerShell $version needs .NET $major, which is not in $dotnet. Install that runtime." }
    Copy-Item "$dotnet/dotnet" "$context/dotnet"
    Copy-Item (Get-ChildItem "$dotnet/host/fxr" | Sort-Object { [version] ($_.Name -replace '-.*') } | Select-Object -Last 1) "$context/dotnet/host/fxr" -Recurse
    Copy-Item $runtime "$context/dotnet/shared/Microsoft.NETCore.App" -Recurse
    Copy-Item $shell "$context/powershell" -Recurse
    Copy-Item $module "$context/Bee" -Recurse
    Set-Content "$context/pwsh" "#!/bin/sh`nexec /usr/share/dotnet/dotnet /opt/powershell/pwsh.dll ""`$@"""
    chmod 755 "$context/pwsh"
    $context
}

function Get-ContainerBase {
    <#
    .SYNOPSIS
        Returns the name of the image that the base image is built on, after pulling or making it.
    #>
    param([string] $Engine)
    $debian = 'docker.io/library/debian:trixie-slim'
    if ($Base -and $Base -ne 'debootstrap') { return $Base }
    if (-not $Base) {
        $null = & $Engine pull --quiet $debian 2>&1
        if ($LASTEXITCODE -eq 0) { return $debian }
        if (-not (Get-Command debootstrap -ErrorAction Ignore) -or (id -u) -ne 0) {
            throw "$debian cannot be pulled. Name another image with -Base, or run as root with debootstrap installed."
        }
        Write-Host "$debian cannot be pulled; running debootstrap"
    }
    $made = 'localhost/bee-debian:latest'
    $null = & $Engine image inspect $made 2>&1
    if ($LASTEXITCODE -eq 0) { return $made }
    $system = Join-Path $artifacts container debian
    Remove-Item $system -Recurse -Force -ErrorAction Ignore
    Invoke-Engine debootstrap --variant=minbase '--include=libbpf1,openssl,ca-certificates' stable $system
    Invoke-Engine tar --directory $system --create --file "$system.tar" .
    Invoke-Engine $Engine import "$system.tar" $made
    Remove-Item $system, "$system.tar" -Recurse -Force
    $made
}

function Build-Container {
    <#
    .SYNOPSIS
        Builds the base and builder images, and imports the base image into the store.
    #>
    $engine = 'podman', 'docker' | Where-Object { Get-Command $_ -CommandType Application -ErrorAction Ignore } | Select-Object -First 1
    if (-not $engine) { throw 'Neither podman nor docker is on PATH. Install one of them.' }
    # Without systemd, podman cannot create cgroups; a build does not need them.
    $build = $engine -eq 'podman' -and -not (Test-Path /run/systemd/system) ? @('--cgroup-manager=cgroupfs', 'build', '--isolation=chroot', '--network=host') : @('build')
    $version = Get-BeeVersion
    $system = Get-ContainerBase $engine
    $context = New-ContainerContext
    "building localhost/bee-base on $system"
    Invoke-Engine $engine @build --tag localhost/bee-base:latest --build-arg "BASE=$system" --build-arg "BEE_VERSION=$version" --file "$root/deploy/Containerfile" $context
    $archive = Join-Path $artifacts container bee-base.tar
    Remove-Item $archive -ErrorAction Ignore
    if ($engine -eq 'podman') { Invoke-Engine podman save --quiet --format oci-archive --output $archive localhost/bee-base:latest }
    else { Invoke-Engine docker save --output $archive localhost/bee-base:latest }
    Import-Module $module
    $image = Import-BeeImage $archive -Tag bee-base:latest
    Remove-Item $archive
    "bee-base:latest is in $($image.Store), $([math]::Round($image.Size / 1MB)) MB; New-BeeContainer builds on it"
    if (-not $BaseOnly) {
        "building localhost/bee-build"
        Invoke-Engine $engine @build --tag localhost/bee-build:latest --build-arg BASE=localhost/bee-base:latest --file "$root/deploy/Containerfile.build" (Join-Path $root deploy)
        'localhost/bee-build:latest compiles tools'
    }
}
