# Measures the line coverage of the libraries.

# A library, and so the suite Library.Tests that measures it, and the least share of lines in percent that the suites must cover.
$measured = 'Bee.Posix', 'Bee.Ebpf', 'Bee.Containers', 'Bee.Oci', 'Bee.Telemetry', 'Bee.Toolchain', 'Bee.Terminal'
$coverageFloor = 80

function Clear-Coverage {
    <#
    .SYNOPSIS
        Deletes the data of earlier runs and lets the collector attach to the test processes.
    #>
    Get-ChildItem "$artifacts/tests" -Recurse -Filter *.cobertura.xml -ErrorAction Ignore | Remove-Item
    Remove-Item "$artifacts/coverage" -Recurse -ErrorAction Ignore
    # The collector is a profiler. build.sh turns profilers off together with debuggers.
    Remove-Item Env:DOTNET_EnableDiagnostics -ErrorAction Ignore
}

function Show-Coverage {
    <#
    .SYNOPSIS
        Merges the data of the suites that ran and prints the coverage of their libraries, without generated code. Returns $false if one is below the floor.
    #>
    param([string[]] $Library)
    $report = Join-Path $artifacts coverage
    $filter = ($Library | ForEach-Object { "+$_" }) -join ';'
    $output = & (Install-Tool dotnet-reportgenerator-globaltool) "-reports:$artifacts/tests/*/*.cobertura.xml" "-targetdir:$report" '-reporttypes:Html;JsonSummary' "-assemblyfilters:$filter" '-filefilters:-*.g.cs' 2>&1
    if ($LASTEXITCODE -ne 0) { throw "The coverage report failed: $output" }
    $read = (Get-Content "$report/Summary.json" -Raw | ConvertFrom-Json).coverage.assemblies
    $low = foreach ($name in $Library) {
        $numbers = $read | Where-Object name -EQ $name
        $percent = $numbers ? 100 * $numbers.coveredlines / $numbers.coverablelines : 0
        '{0,-24} {1,6:n1} % of {2,6} lines' -f $name, $percent, ($numbers.coverablelines ?? 0) | Out-Host
        if ($percent -lt $coverageFloor) { $name }
    }
    "The uncovered lines are in $(Resolve-Path "$report/index.html" -Relative -RelativeBasePath $root)." | Out-Host
    if ($low) { "Below $coverageFloor % of lines: $($low -join ', ')." | Out-Host }
    -not $low
}
