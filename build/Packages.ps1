# Packs the module and the libraries, and tracks the libraries' public members.

function New-Package {
    <#
    .SYNOPSIS
        Packs the module into artifacts/ and the libraries into artifacts/libraries.
    .DESCRIPTION
        The packed module has the portable assemblies: native code for one processor would be dead weight on another.
    #>
    $staged = Join-Path $artifacts package Bee
    Remove-Item $staged -Recurse -ErrorAction Ignore
    $null = New-Item -ItemType Directory -Force (Split-Path $staged)
    Copy-Item $module $staged -Recurse
    Copy-Item "$root/src/Bee.Cmdlets/bin/$Configuration/net8.0/*.dll" $staged
    Copy-Item "$root/LICENSE" $staged
    $packages = @(Compress-PSResource $staged $artifacts -PassThru)

    Remove-Item "$artifacts/libraries" -Recurse -ErrorAction Ignore
    if (-not $NoBuild) { Get-Library | ForEach-Object { Invoke-Dotnet build "$root/src/$_" -c $Configuration -v quiet --nologo } }
    Invoke-Dotnet pack "$root/Bee.slnx" -c $Configuration --no-build -v quiet --nologo
    $packages + @(Get-ChildItem "$artifacts/libraries") | ForEach-Object { "packed $(Resolve-Path $_ -Relative -RelativeBasePath $root)" }
}

function Get-Library {
    <#
    .SYNOPSIS
        Returns the names of the projects that are packages.
    #>
    (Get-ChildItem "$root/src" -Recurse -Depth 1 -Filter *.csproj | Where-Object { Select-Xml '//IsPackable[.="true"]' $_ }).BaseName
}
