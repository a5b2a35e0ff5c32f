# Runs the test suites and adds up their results.

# The suites and their budgets: the seconds that each may take on two idle processors, in a quick run and in a full run. Two suites run at a time. Those of $loading load
# programs into this machine's kernel, so they run one after the other. Of the others, Bee.Deployments.Tests loads tools in containers, and Bee.Images.Tests and
# Pester.Unloaded run a few tools for a moment, which disturbs no other suite. Pester has the Describe blocks that load programs, Pester.Unloaded those with the tag Unloaded.
$loading = [ordered]@{ 'Bee.Ebpf.Tests' = 110, 140; 'Bee.Containers.Tests' = 40, 120; 'Bee.Cmdlets.Tests' = 220, 280; 'Pester' = 185, 250 }
# The longest first, so that both processors are busy to the end.
$others = [ordered]@{
    'Bee.VirtualMachine.Tests' = 190, 200; 'Bee.Images.Tests' = 130, 160; 'Bee.Oci.Tests' = 100, 150; 'Bee.Toolchain.Tests' = 90, 180; 'Bee.Deployments.Tests' = 60, 150
    'Bee.Telemetry.Tests' = 60, 120; 'Pester.Unloaded' = 95, 130; 'Bee.Terminal.Tests' = 45, 80; 'Bee.Collaborators.Tests' = 30, 30; 'Bee.Architecture.Tests' = 10, 10
    'Bee.Posix.Tests' = 10, 10
}

function New-Suite {
    <#
    .SYNOPSIS
        Returns a suite before its run: its command, its files and its budget in seconds.
    #>
    param([string] $Name, [int] $Budget)
    $results = Join-Path $artifacts tests
    $file = Join-Path $results ($Name -like 'Pester*' ? "$Name.json" : "$Name.trx")
    # The assembly takes less time to start than its project, which is evaluated first. The collector of coverage needs the project.
    $target = $Coverage ? ("$root/tests/$Name", '-c', $Configuration, '--no-build', '--nologo', '--settings', "$root/build/coverage.runsettings") : "$root/tests/$Name/bin/$Configuration/net10.0/$Name.dll"
    # After eight minutes a test that hangs is killed and named.
    $command = $Name -like 'Pester*' ?
        ("$artifacts/pwsh", '-NoProfile', '-NonInteractive', '-File', "$root/tests/Invoke-Pester.ps1", '-Results', $file, ($Name -eq 'Pester' ? '-ExcludeTag' : '-Tag'), 'Unloaded') :
        ('dotnet', 'test') + $target + ('--results-directory', $results, '--logger', "trx;LogFileName=$Name.trx", '--logger', 'console;verbosity=minimal',
            '--blame-hang', '--blame-hang-dump-type', 'none', '--blame-hang-timeout', '8m')
    [pscustomobject]@{
        Name = $Name; Budget = $Budget; Command = $command; File = $file; Log = Join-Path $results "$Name.log"
        Seconds = 0; ExitCode = 0; Passed = 0; Failed = 0; Skipped = 0; Reasons = @{}; Note = ''
    }
}

function Read-SuiteResult {
    <#
    .SYNOPSIS
        Reads the results of a suite from its results file. A suite that crashed or ran no test has failed.
    #>
    param([Parameter(ValueFromPipeline)] $Suite)
    process {
        if (-not (Test-Path $Suite.File)) { }
        elseif ($Suite.Name -like 'Pester*') {
            $read = Get-Content $Suite.File -Raw | ConvertFrom-Json
            $Suite.Passed, $Suite.Failed, $Suite.Skipped = $read.Passed, $read.Failed, $read.Skipped
            $read.Reasons | ForEach-Object { $Suite.Reasons[$_]++ }
        }
        else {
            foreach ($test in ([xml] (Get-Content $Suite.File -Raw)).TestRun.Results.UnitTestResult) {
                switch ($test.outcome) {
                    Passed { $Suite.Passed++ }
                    NotExecuted {
                        $Suite.Skipped++
                        $Suite.Reasons["$($test.Output.ErrorInfo.Message ?? $test.Output.StdOut)".Trim()]++
                    }
                    default { $Suite.Failed++ }
                }
            }
        }
        if ($Suite.ExitCode -ne 0 -and $Suite.Failed -eq 0) { $Suite.Failed = 1; $Suite.Note = "the test process failed: exit code $($Suite.ExitCode)" }
        elseif ($Suite.Passed + $Suite.Failed + $Suite.Skipped -eq 0) { $Suite.Failed = 1; $Suite.Note = 'no test ran' }
        elseif ($Suite.Seconds -gt $Suite.Budget) { $Suite.Note = 'over its budget' }
        $Suite
    }
}

function Show-Suite {
    <#
    .SYNOPSIS
        Formats the results of a suite as one line.
    #>
    param([Parameter(ValueFromPipeline)] $Suite)
    process {
        $numbers = $Suite.Name, $Suite.Passed, $Suite.Failed, $Suite.Skipped, $Suite.Seconds, $Suite.Budget, $Suite.Note
        ('{0,-24} {1,5} passed {2,3} failed {3,4} skipped {4,5:n0} s of {5,4:n0} s  {6}' -f $numbers).TrimEnd()
    }
}

function Test-Everything {
    <#
    .SYNOPSIS
        Builds everything, runs the suites and prints their results. The last line has the totals.
    #>
    $env:BEE_FULL = $Full ? '1' : $null
    # Containers on this machine must not change the tables of other tests. Tests of containers' names set their own runtimes.
    $env:BEE_CONTAINER_RUNTIME = 'none'
    $null = New-Item -ItemType Directory -Force (Join-Path $artifacts tests)
    $loads, $rest = foreach ($suites in $loading, $others) {
        , @($suites.Keys -like $Suite | Where-Object { -not $Coverage -or $_ -replace '\.Tests$' -in $measured } | ForEach-Object { New-Suite $_ $suites[$_][[int] [bool] $Full] })
    }
    $work = $loads + $rest
    $known = @($loading.Keys) + $others.Keys
    if (-not $work) { throw "No suite matches '$Suite'. The suites are: $($known -join ', ')." }
    $left = (Get-ChildItem "$root/tests" -Recurse -Depth 1 -Filter *.Tests.csproj).BaseName | Where-Object { $_ -notin $known }
    if ($left) { throw "These suites have no budget: $left. Add them to `$loading or `$others in build/Tests.ps1." }
    'building everything'
    $building = Measure-Command {
        Invoke-Compiler { Invoke-Dotnet build "$root/Bee.slnx" -c $Configuration -v quiet --nologo }
        Build-Module -Compiled | Out-Host
    }
    if ($Coverage) { Clear-Coverage }
    'running {0}' -f ($work.Name -join ', ')
    $running = Measure-Command {
        $queue = [Collections.Concurrent.ConcurrentQueue[object]]::new([object[]] $rest)
        # The first lane runs the suites that load programs, and then helps the second one.
        $done = $loads, @() | ForEach-Object -Parallel {
            $queue = $using:queue
            $own = [Collections.Generic.Queue[object]]::new([object[]] $_)
            $suite = $null
            while ($own.TryDequeue([ref] $suite) -or $queue.TryDequeue([ref] $suite)) {
                Remove-Item $suite.File -ErrorAction Ignore
                $file, $arguments = $suite.Command
                $suite.Seconds = (Measure-Command { & $file @arguments *> $suite.Log }).TotalSeconds
                $suite.ExitCode = $LASTEXITCODE
                $suite
            }
        } | Read-SuiteResult | ForEach-Object {
            Get-Content $_.Log | Where-Object { $_ -notmatch '^(Test run for|A total of|Data collector|Results File:|VSTest version|Starting test execution|Attachments:|  /.*\.cobertura\.xml|$)|\[SKIP\]$|^  Skipped ' } | Out-Host
            $_ | Show-Suite | Out-Host
            $_
        }
    }
    ''
    foreach ($suite in $done) {
        $suite | Show-Suite
        $suite.Reasons.GetEnumerator() | ForEach-Object { "    $($_.Value) skipped: $($_.Key)" }
    }
    $covered = -not $Coverage -or (Show-Coverage ($work.Name -replace '\.Tests$'))
    'built in {0:n0} s, run in {1:n0} s' -f $building.TotalSeconds, $running.TotalSeconds
    $sums = 'Passed', 'Failed', 'Skipped' | ForEach-Object { ($done | Measure-Object $_ -Sum).Sum }
    '{0} passed, {1} failed, {2} skipped' -f $sums
    if ($sums[1] -gt 0 -or -not $covered) { exit 1 }
}
