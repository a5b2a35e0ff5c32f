# Completes module/Bee.

function Get-FileState {
    <#
    .SYNOPSIS
        Returns a line for each piped file outside bin and obj: its hash and its path relative to the root.
    #>
    $input | Where-Object FullName -NotMatch '/(bin|obj)/' | Get-FileHash | ForEach-Object { "$($_.Hash) $($_.Path.Substring($root.Length + 1))" }
}

function Copy-ChangedFile {
    <#
    .SYNOPSIS
        Copies a file if the destination differs. The copy is renamed over the destination, so a session that has mapped the old file keeps it.
    #>
    param([string] $Path, [string] $Destination)
    if ((Test-Path $Destination) -and (Get-FileHash $Path).Hash -eq (Get-FileHash $Destination).Hash) { return }
    $null = New-Item -ItemType Directory -Force (Split-Path $Destination)
    Copy-Item $Path "$Destination.new"
    Move-Item "$Destination.new" $Destination -Force
}

function Publish-CompiledAhead {
    <#
    .SYNOPSIS
        Compiles the cmdlets and their libraries to native code for this machine and returns the folder, or $null if that fails.
    .DESCRIPTION
        Native code shortens the first command of a session. The compiler is a package; if it cannot be restored, the module gets the portable build.
    #>
    $folder = Join-Path $artifacts compiled
    $architecture = [Runtime.InteropServices.RuntimeInformation]::OSArchitecture.ToString().ToLowerInvariant()
    dotnet publish "$root/src/Bee.Cmdlets" -c $Configuration -r "linux-$architecture" --self-contained false -p:PublishReadyToRun=true -o $folder -v quiet --nologo *> $null
    if ($LASTEXITCODE -eq 0) { $folder }
}

function Build-Module {
    <#
    .SYNOPSIS
        Completes module/Bee, unless it is up to date.
    .DESCRIPTION
        artifacts/module.state records the hashes of all inputs of the last build, the hashes of all files of the module, and the SDK. If nothing changed, the build is skipped.
    .PARAMETER Compiled
        The projects are already compiled.
    #>
    param([switch] $Compiled)
    $state = Join-Path $artifacts module.state
    $settings = Get-ChildItem $root -File -Force | Where-Object Name -Match '^(build\.ps1|Bee\.psd1|Directory\..*|\.editorconfig|global\.json|nuget\.config)$'
    $sources = @(
        "$Configuration .NET SDK $(dotnet --version)"
        $settings | Get-FileState
        '.config', 'build', 'src', 'docs', 'formats', 'examples' | Get-ChildItem -Recurse -File | Get-FileState
    )
    if ((Test-Path $state) -and -not (Compare-Object (Get-Content $state) @($sources; Get-ChildItem $module -Recurse -File | Get-FileState) -SyncWindow 0)) {
        return "module/Bee is up to date: Import-Module $module"
    }

    # Bee.Help references Bee.Cmdlets, so both are built. The output folder of Bee.Cmdlets holds the assemblies that the session shares, without packages.
    if (-not $Compiled) { Invoke-Compiler { 'Bee.Help', 'Bee.Isolated' | ForEach-Object { Invoke-Dotnet build "$root/src/$_" -c $Configuration -v quiet --nologo } } }
    $shared = Get-ChildItem ((Publish-CompiledAhead) ?? "$root/src/Bee.Cmdlets/bin/$Configuration/net8.0") -Filter *.dll
    # deps/ holds the assemblies that only Bee's own load context loads. A copy of a shared assembly there would be loaded a second time, with interfaces of a second identity.
    $own = Get-ChildItem "$root/src/Bee.Isolated/bin/$Configuration/net8.0" -Filter *.dll | Where-Object Name -NotIn $shared.Name
    $shared | ForEach-Object { Copy-ChangedFile $_ "$module/$($_.Name)" }
    $own | ForEach-Object { Copy-ChangedFile $_ "$module/deps/$($_.Name)" }
    Get-ChildItem $module -Filter *.dll | Where-Object Name -NotIn $shared.Name | Remove-Item
    Get-ChildItem "$module/deps" | Where-Object Name -NotIn $own.Name | Remove-Item

    Copy-ChangedFile "$root/Bee.psd1" "$module/Bee.psd1"
    Copy-ChangedFile "$root/docs/bee.schema.json" "$module/bee.schema.json"
    Copy-ChangedFile "$root/formats/Bee.Types.ps1xml" "$module/Bee.Types.ps1xml"
    Add-RemoteTable "$root/formats/Bee.Format.ps1xml" | Set-Content "$artifacts/views.ps1xml"
    Copy-ChangedFile "$artifacts/views.ps1xml" "$module/Bee.Format.ps1xml"
    # The templates of New-BeeProgram.
    Get-ChildItem "$root/examples" -Recurse -File -Include *.c, *.h, bee.yaml |
        ForEach-Object { Copy-ChangedFile $_ (Join-Path $module templates (Resolve-Path $_ -Relative -RelativeBasePath "$root/examples")) }
    # Converts the pages of docs/ to the format of Get-Help. Fails if a page and its cmdlet disagree.
    Invoke-Dotnet "$root/src/Bee.Help/bin/$Configuration/net10.0/Bee.Help.dll" "$root/docs" "$artifacts/help.xml" (Import-PowerShellDataFile "$root/Bee.psd1").PrivateData.PSData.ProjectUri
    Copy-ChangedFile "$artifacts/help.xml" "$module/en-US/Bee.Cmdlets.dll-Help.xml"
    @($sources; Get-ChildItem $module -Recurse -File | Get-FileState) | Set-Content $state
    "module/Bee is complete: Import-Module $module"
}
