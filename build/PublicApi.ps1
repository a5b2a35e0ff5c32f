# Tracks the public members of the libraries.

function Update-PublicApi {
    <#
    .SYNOPSIS
        Writes the public members that are not in PublicAPI.Shipped.txt to PublicAPI.Unshipped.txt, for each library that has these files.
    #>
    foreach ($file in Get-ChildItem "$root/src/*/PublicAPI.Unshipped.txt") {
        $project = $file.Directory
        $log = Join-Path $artifacts "$($project.Name).sarif"
        Remove-Item $log -ErrorAction Ignore
        # The analyzer reports each public member that no file lists.
        Set-Content $file '#nullable enable'
        Invoke-Dotnet build $project -c $Configuration -v quiet --nologo --no-dependencies '-p:TreatWarningsAsErrors=false' "-p:ErrorLog=$log%2Cversion=2.1"
        $missing = (Get-Content $log -Raw | ConvertFrom-Json).runs[0].results | Where-Object ruleId -EQ RS0016
        $members = [Collections.Generic.SortedSet[string]]::new([string[]] @($missing.properties.customProperties.APIName), [StringComparer]::Ordinal)
        @('#nullable enable'; $members) | Set-Content $file
        "$($project.Name): $($members.Count) members"
    }
}
