# The help of each command is complete and correct. The parser accepts every example, and its parameters exist. Examples that can run here are
# run: in a folder and store of the test, on processes of the test.
BeforeDiscovery {
    . $PSScriptRoot/Support.ps1
    $commands = (Get-Command -Module Bee -CommandType Cmdlet).Name

    # Examples that are not run, with the reason.
    $notRun = @{
        'Stop-BeeProgram: Example 4: Stop all pinned tools'               = 'it would stop sessions that others have pinned'
        'Start-BeeProgram: Example 4: Count for days, without a session'   = 'it ends its own session; the tests of pins do the same in two sessions'
        'Get-BeeProgram: Example 3: Continue with a pinned tool' = 'it waits until Ctrl+C'
        'Receive-BeeEvent: Example 2: Follow'                              = 'it waits until Ctrl+C'
        'Export-BeeEvent: Example 2: Several tools in one file'            = 'it waits until Ctrl+C'
        'Invoke-BeeProgram: Example 1: Watch one process'                  = 'it runs until Ctrl+C'
        'Invoke-BeeProgram: Example 2: Five events'                        = 'it waits for processes of users other than root'
        'New-BeeProgram: Example 4: Packets'                               = 'it would count packets of others; the tests of skeletons run it in their own network'
        'Invoke-BeeProgram: Example 5: Packets of a container'             = 'there is no container here'
        'Invoke-BeeProgram: Example 6: Another function'                   = 'it runs until Ctrl+C'
        'Invoke-BeeProgram: Example 4: Counters'                           = 'it runs until Ctrl+C'
        'Invoke-BeeProgram: Example 8: Fill a map first'                   = 'it runs until Ctrl+C'
        'Invoke-BeeProgram: Example 9: Trace lines'                        = 'it runs until Ctrl+C'
        'Invoke-BeeBuild: Example 6: For two platforms, with registers'     = 'there is no BTF of another platform here'
        'Publish-BeeImage: Example 4: Sign the published image'              = 'it asks for a password'
        'Import-BeeImage: Example 3: An image from docker'      = 'there is no docker here'
        'Connect-BeeRegistry: Example 1: User name and password'           = 'it asks for a password'
        'Connect-BeeRegistry: Example 2: A token, in an unattended job' = 'there is no token here'
        'Connect-BeeRegistry: Example 3: A registry with a company''s own certificate' = 'it asks for a password'
        'Connect-BeeRegistry: Example 4: From standard input'              = 'there is no password here'
        'Connect-BeeRegistry: Example 5: From the environment'             = 'there is no password here'
        'Disconnect-BeeRegistry: Example 1: One registry'                  = 'it would change the logins of whoever runs the tests'
        'Disconnect-BeeRegistry: Example 2: Logging in for a while'        = 'it asks for a password'
        'New-BeeContainer: Example 1: A container around an image'         = 'it needs the base of ./build.sh container; the tests of containers make one of their own'
        'New-BeeContainer: Example 2: Build, package, sign and push'       = 'it asks for a password'
        'New-BeeContainer: Example 3: What a container needs'              = 'it needs the base of ./build.sh container; the tests of containers make one of their own'
        'Send-BeeEvent: Example 1: Into the journal'                       = 'there is no journal here; the tests of the journal have a socket of their own'
        'Send-BeeEvent: Example 2: To a syslog receiver'                   = 'there is no receiver here; the tests of syslog have one of their own'
        'Send-BeeEvent: Example 3: Everything that waits, without a loss'  = 'there is no receiver here; the tests of syslog have one of their own'
        'Send-BeeEvent: Example 4: To a collector of OpenTelemetry'         = 'it asks for a token'
        'Export-BeeFlameGraph: Example 1: Where a process spends its time' = 'a process that waits has no samples; docs/telemetry.md draws a busy one'
        'Export-BeeFlameGraph: Example 2: The counts of a background tool' = 'a process that waits has no samples; docs/telemetry.md draws a busy one'
        'Export-BeeFlameGraph: Example 3: For other tools'                 = 'a process that waits has no samples; docs/telemetry.md draws a busy one'
        'Show-BeeEvent: Example 1: Filter before the view'                 = 'it runs until Ctrl+C'
        'Show-BeeEvent: Example 2: Any objects'                            = 'it would show the processes of others'
        'Show-BeeProgram: Example 3: Show background tools'  = 'it runs until Ctrl+C'
        'Show-BeeProgram: Example 1: Watch one process'                    = 'it runs until Ctrl+C'
        'Show-BeeProgram: Example 2: Keep selected rows'                    = 'it runs until Ctrl+C'
        'Start-BeeMetricServer: Example 4: For other machines, with a token' = 'other machines could reach it; the tests of the server try tokens on this one'
        'New-BeeDeployment: Example 1: On every node'                      = 'there is no cluster here'
        'Test-BeeImage: Example 3: Another machine''s kernel'              = 'there is no other machine here'
        'Test-BeeImage: Example 5: Which hosts can run it?'                = 'there are no hosts here; the tests of the fleet have some of their own'
    }
    $examples = foreach ($name in $commands) {
        foreach ($example in (Get-Help $name).Examples.Example) {
            $title = "${name}: " + $example.Title.Trim('- ')
            @{ Name = $name; Title = $title; Code = $example.Code; NotRun = $notRun[$title] }
        }
    }
    $unknown = @($notRun.Keys | Where-Object { $_ -notin $examples.Title })
}

Describe 'Help' -Tag Unloaded {
    BeforeAll { . $PSScriptRoot/Support.ps1 }

    It 'is complete for <_>' -ForEach $commands {
        $help = Get-Help $_ -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        $help.Synopsis | Should -Not -Match "^\s*$_"
        $help.Description.Text | Should -Not -BeNullOrEmpty
        @($help.Examples.Example).Count | Should -BeGreaterOrEqual 2
        $common = [System.Management.Automation.PSCmdlet]::CommonParameters + [System.Management.Automation.PSCmdlet]::OptionalCommonParameters
        foreach ($parameter in (Get-Command $_).Parameters.Keys | Where-Object { $_ -notin $common }) {
            ($help.Parameters.Parameter | Where-Object Name -eq $parameter).Description.Text | Should -Not -BeNullOrEmpty -Because "-$parameter has to be described"
        }
    }

    It 'has an address for -Online: <_>' -ForEach $commands {
        $links = (Get-Help $_).RelatedLinks.NavigationLink
        ($links | Where-Object Uri)[0].Uri | Should -Be "$((Get-Module Bee).ProjectUri)/docs/$_.md".Replace('//docs', '/docs')
        Join-Path $root docs "$_.md" | Should -Exist
    }

    It 'has the topic <_>' -ForEach 'about_Bee', 'about_Bee_Programs', 'about_Bee_Images' {
        $text = Get-Help $_ | Out-String
        $text | Should -Match 'SHORT DESCRIPTION'
        $text | Should -Match 'Invoke-BeeProgram'
        # A screen has 80 columns.
        Get-Content (Join-Path $root module Bee en-US "$_.help.txt") | Where-Object Length -gt 80 | Should -BeNullOrEmpty
    }

    It 'mentions every command in its topics' -ForEach $commands {
        (Get-ChildItem (Join-Path $root module Bee en-US about_*.help.txt) | Get-Content -Raw) -join "`n" | Should -Match "\b$_\b"
    }

    It 'excludes only existing examples' -ForEach @{ Unknown = $unknown } { $Unknown | Should -BeNullOrEmpty }

    It 'has an example that the parser accepts: <Title>' -ForEach $examples {
        $problems = $null
        $tree = [System.Management.Automation.Language.Parser]::ParseInput($Code, [ref] $null, [ref] $problems)
        $problems | Should -BeNullOrEmpty
        $calls = $tree.FindAll({ $args[0] -is [System.Management.Automation.Language.CommandAst] }, $true)
        $calls | ForEach-Object { $_.GetCommandName() } | Should -Contain $Name
        # kubectl is not on every machine, and has its own arguments.
        foreach ($call in $calls | Where-Object { $_.GetCommandName() -ne 'kubectl' }) {
            $command = Get-Command $call.GetCommandName() -ErrorAction Stop
            foreach ($used in @($call.CommandElements | Where-Object { $_ -is [System.Management.Automation.Language.CommandParameterAst] }).ParameterName) {
                { $command.ResolveParameter($used) } | Should -Not -Throw -Because "$($command.Name) -$used"
            }
        }
    }
}

Describe 'An example' {
    BeforeAll {
        . $PSScriptRoot/Support.ps1
        $ErrorActionPreference = 'Stop'
        $folder = (Get-PSDrive TestDrive).Root
        $env:BEE_STORE = Join-Path $folder store
        $load = Start-OpenLoad
        # Objects that the examples mention. Only the load is observed, whatever an example omits.
        foreach ($name in 'opensnoop', 'execsnoop', 'syscount') {
            $text = (Get-Content (Join-Path $root examples $name "$name.bpf.c") -Raw) -replace 'BEE_PARAM\(pid_t, target_pid, 0\)', "BEE_PARAM(pid_t, target_pid, $($load.Id))"
            $null = New-Item -ItemType Directory -Force "$folder/src"
            Set-Content "$folder/src/$name.bpf.c" $text
            $null = Invoke-BeeBuild "$folder/src/$name.bpf.c" -Tag "${name}:v1"
            $null = Copy-BeeImage "${name}:v1" "${name}:latest"
        }
        Copy-Item "$folder/src/opensnoop.bpf.c" "$folder/opensnoop.bpf.c"
        $null = Invoke-BeeBuild "$folder/src/execsnoop.bpf.c" -BinaryOnly -OutFile "$folder/execsnoop.o"
        $null = Invoke-BeeBuild "$folder/src/opensnoop.bpf.c" -BinaryOnly -OutFile "$folder/opensnoop.bpf.o"
        $null = Invoke-BeeBuild (Join-Path $root tests fixtures settings.bpf.c) -Tag settings:v1
        $null = New-Item -ItemType Directory "$folder/out"
        Set-Content "$folder/broken.bpf.c" 'int broken('
        Set-Content "$folder/blocker.bpf.c" @"
#include "bee.h"
BEE_LICENSE("GPL");
BEE_PARAM(pid_t, target_pid, $($load.Id));
BEE_HASH(deny, ipv4_addr, u8, 16);
SEC("tracepoint/syscalls/sys_enter_openat") int on_open(void *ctx) { ipv4_addr key = 0; if (bee_targeted(target_pid)) bpf_map_lookup_elem(&deny, &key); return 0; }
"@
        $null = Invoke-BeeBuild "$folder/blocker.bpf.c" -Tag blocker
        Copy-Item (Join-Path $root examples xdpcount) "$folder/xdpcount" -Recurse
        Set-Content "$folder/marker.bpf.c" @'
#include "bee.h"
BEE_LICENSE("GPL");
SEC("tc") int mark(struct __sk_buff *skb) { skb->mark += 1; return 0; }
SEC("tc") int other(struct __sk_buff *skb) { return 0; }
'@
        Set-Content "$folder/adder.bpf.c" @'
#include "bee.h"
BEE_LICENSE("GPL");
struct sum { u32 a, b; u64 sum; };
SEC("syscall") int add(struct sum *call) { call->sum = (u64)call->a + call->b; return 0; }
SEC("?raw_tp/sched_switch") int on_switch(struct bpf_raw_tracepoint_args *ctx) { return ctx->args[0] != 0; }
'@
        Set-Content "$folder/openlog.bpf.c" @"
#include "bee.h"
BEE_LICENSE("GPL");
BEE_PARAM(pid_t, target_pid, $($load.Id));
struct event { pid_t pid; u32 flags; };
struct { __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY); __uint(key_size, 4); __uint(value_size, 4); } events SEC(".maps");
SEC("tracepoint/syscalls/sys_enter_openat") int on_open(void *ctx)
{
    struct event event = { .pid = bpf_get_current_pid_tgid() >> 32 };
    if (bee_targeted(target_pid)) bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &event, sizeof(event));
    return 0;
}
"@
        Set-Content "$folder/counter.bpf.c" @'
#include "bee.h"
BEE_LICENSE("GPL");
BEE_PARAM(pid_t, target_pid, 0);
u64 hits;
SEC("tracepoint/syscalls/sys_enter_openat") int on_open(void *ctx) { if (bee_targeted(target_pid)) __sync_fetch_and_add(&hits, 1); return 0; }
'@
        $null = Invoke-BeeBuild "$folder/counter.bpf.c" -Tag counter:v1
        Set-Content "$folder/deny.csv" "Key,Value`n192.0.2.1,1`n198.51.100.7,1"
        Set-Content "$folder/allowed.csv" "Key,Value`n1000,1`n1001,2"

        # The examples use a registry of the test.
        if (-not (Get-RegistryObstacle)) {
            $registry = Start-Registry "$folder/registry"
            $published = Publish-BeeImage opensnoop:v1 -Destination "$($registry.Name)/me/opensnoop"
        }

        # Sessions that must run before the examples of these commands.
        $before = @{
            'Get-BeeMap'         = 'syscount'
            'Get-BeeMetric'      = 'syscount'
            'Start-BeeMetricServer' = 'syscount'
            'Get-BeeMapEntry'    = 'syscount', 'settings'
            'Get-BeeProgram'     = 'syscount'
            'Receive-BeeEvent'   = 'opensnoop'
            'Register-BeeEvent'  = 'opensnoop'
            'Stop-BeeProgram'    = 'opensnoop'
            'Set-BeeMapEntry'    = 'settings', 'counter'
            'Remove-BeeMapEntry' = 'settings', 'syscount'
        }
    }
    AfterAll {
        $load.Kill($true)
        if ($registry) { $registry.Process.Kill() }
        $env:BEE_STORE = $null
    }

    It 'runs: <Title>' -ForEach $examples {
        if ($NotRun) { Set-ItResult -Skipped -Because $NotRun; return }
        Skip-WithoutKernel
        # Replaces ten seconds, and the reader's own process.
        $text = $Code -replace '\b4242\b', $load.Id -replace 'Start-Sleep 10', 'Start-Sleep 1' -replace '-Duration 10', '-Duration 1' -replace '(?m)^Start-BeeMetricServer$', 'Start-BeeMetricServer 0'
        if ($Name -match '-BeeImage$' -or $text -match '-Pull') {
            $hosts = 'ghcr\.io|registry\.example\.com|localhost:5000'
            if ($registry) { $text = $text -replace $hosts, $registry.Name -replace 'sha256:0f2c\w+', $published.Digest -replace '-Platform \S+', "-Platform $([Bee.Oci.Formats.Platform]::Host)" }
            elseif ($text -match $hosts) { Skip-WithoutRegistry }
        }
        $ErrorActionPreference = 'Stop'
        Push-Location $folder
        $running = @()
        try {
            # Each example starts with the same images, because one may remove an image that another needs.
            'opensnoop:v1' | ForEach-Object { $null = Copy-BeeImage $_ opensnoop:latest -ErrorAction Ignore; $null = Copy-BeeImage $_ ghcr.io/me/opensnoop:v1 }
            if ($Name -eq 'Import-BeeImage' -and -not (Test-Path tools.tar.gz)) { $null = Export-BeeImage opensnoop:v1 ./tools.tar.gz }
            if ($Name -eq 'Import-BeeEvent') { $null = [Bee.Ebpf.Events.IteratorLine]::new('line') | Export-BeeEvent trace.beecap -Force }
            if ($registry) { $null = Publish-BeeImage opensnoop:v1 -Destination "$($registry.Name)/me/opensnoop"; $null = Copy-BeeImage opensnoop:v1 "$($registry.Name)/me/opensnoop:v1" }
            $running = @(foreach ($program in $before[$Name]) { Start-BeeProgram "${program}:v1" -Name $program -Parameter @{ target_pid = $load.Id } })
            if ($text -match 'counter_stacks') { $running = @(Start-BeeProgram (Join-Path $root examples cpustack) -Parameter @{ target_pid = $load.Id } -ProcessId $load.Id) }
            if ($text -match '-Program old') { $running = @(foreach ($program in 'old', 'new') { Start-BeeProgram settings:v1 -Name $program }) }
            if ($running) { Start-Sleep -Milliseconds 300 }
            if ($running.Name -contains 'settings') {
                Set-BeeMapEntry limits -Key 4711 -Value @{ rate = 1; action = 'PASS' }
                Set-BeeMapEntry limits -Key 4712 -Value @{ rate = 2; action = 'PASS' }
            }
            $Error.Clear()
            $ran = [scriptblock]::Create($text)
            $ErrorActionPreference = 'Continue'
            { $null = & $ran } | Should -Not -Throw
            # Errors that an example itself catches are its subject.
            if ($text -notmatch '\bcatch\b') { $Error | Should -BeNullOrEmpty }
        }
        finally {
            Get-BeeMetricServer | Stop-BeeMetricServer
            Get-BeeProgram | Stop-BeeProgram
            # Restores a removed image, because no other example builds it.
            if (-not (Get-BeeImage opensnoop:v1 -ErrorAction Ignore)) { $null = Invoke-BeeBuild "$folder/src/opensnoop.bpf.c" -Tag opensnoop:v1 }
            Pop-Location
        }
    }
}
