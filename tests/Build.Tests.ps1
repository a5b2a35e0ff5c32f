# Builds a copy of the project that already has the compiler's output. The test's dotnet compiles nothing: it records the call, or fails.
Describe 'A second build' -Tag Unloaded {
    BeforeAll {
        . $PSScriptRoot/Support.ps1
        $copy = Join-Path (Get-PSDrive TestDrive).Root project
        $null = New-Item -ItemType Directory $copy
        Get-ChildItem $root -File -Force | Copy-Item -Destination $copy
        '.config', 'build', 'docs', 'examples', 'formats', 'module' | ForEach-Object { Copy-Item "$root/$_" $copy -Recurse }
        Get-ChildItem "$root/src" -Recurse -File | Where-Object FullName -NotMatch '/obj/' | ForEach-Object {
            $to = Join-Path $copy ([IO.Path]::GetRelativePath($root, $_))
            $null = New-Item -ItemType Directory -Force (Split-Path $to)
            Copy-Item $_ $to
        }
        $null = New-Item -ItemType Directory "$copy/artifacts", "$copy/tools"
        Set-Content "$copy/tools/dotnet" @"
#!/bin/sh
case `$1 in
    --version) cat '$copy/tools/version' ;;
    build) echo "`$2" >>'$copy/tools/compiled'; [ ! -e '$copy/tools/fail' ] ;;
    publish) exit 1 ;;
    *) exec '$((Get-Command dotnet).Source)' "`$@" ;;
esac
"@
        chmod +x "$copy/tools/dotnet"
        Set-Content "$copy/tools/version" 10.0.100
        $path = $env:PATH
        $env:PATH = "$copy/tools:$path"

        function Invoke-Build { & "$copy/build.ps1" @args }
        Invoke-Build | Should -BeLike 'module/Bee is complete*'
        # From here on, compiling throws.
        $null = New-Item "$copy/tools/fail"
    }
    AfterAll { $env:PATH = $path }

    It 'compiles nothing without a change' {
        Invoke-Build | Should -Be "module/Bee is up to date: Import-Module $copy/module/Bee"
    }
    It 'builds after a change of <_>' -ForEach 'src/Bee.Ebpf/Bee.Ebpf.csproj', 'src/Bee.Help/Program.cs', 'docs/Get-BeeMap.md', 'formats/Bee.Format.ps1xml', 'examples/opensnoop/bee.yaml',
        'Bee.psd1', 'build.ps1', 'build/Module.ps1', 'Directory.Packages.props', '.editorconfig', '.config/dotnet-tools.json', 'module/Bee/Bee.Ebpf.dll', 'module/Bee/deps/YamlDotNet.dll' {
        $bytes = [IO.File]::ReadAllBytes("$copy/$_")
        Add-Content "$copy/$_" ' '
        try { { Invoke-Build } | Should -Throw 'dotnet build*failed*' }
        finally { [IO.File]::WriteAllBytes("$copy/$_", $bytes) }
    }
    It 'builds after <_> was deleted' -ForEach 'docs/Get-BeeMap.md', 'module/Bee/Bee.Cmdlets.dll', 'module/Bee/deps/Bee.Isolated.dll', 'module/Bee/Bee.psd1', 'module/Bee/en-US/Bee.Cmdlets.dll-Help.xml',
        'module/Bee/templates/opensnoop/opensnoop.bpf.c' {
        Move-Item "$copy/$_" "$copy/aside"
        try { { Invoke-Build } | Should -Throw 'dotnet build*failed*' }
        finally { Move-Item "$copy/aside" "$copy/$_" }
    }
    It 'builds after a file was added' {
        Set-Content "$copy/src/Bee.Ebpf/New.cs" ''
        try { { Invoke-Build } | Should -Throw 'dotnet build*failed*' }
        finally { Remove-Item "$copy/src/Bee.Ebpf/New.cs" }
    }
    It 'builds with another SDK, and in another configuration' {
        Set-Content "$copy/tools/version" 10.0.101
        try { { Invoke-Build } | Should -Throw 'dotnet build*failed*' }
        finally { Set-Content "$copy/tools/version" 10.0.100 }
        { Invoke-Build -Configuration Debug } | Should -Throw 'dotnet build*failed*'
        Invoke-Build | Should -BeLike '*up to date*'
    }
    It 'restores deleted and changed files, and removes foreign ones' {
        Remove-Item "$copy/tools/fail"
        Remove-Item "$copy/module/Bee/deps", "$copy/module/Bee/Bee.psd1", "$copy/module/Bee/en-US/Bee.Cmdlets.dll-Help.xml" -Recurse
        Set-Content "$copy/module/Bee/Bee.Oci.dll" 'no assembly'
        Copy-Item "$copy/module/Bee/Bee.Ebpf.dll" "$copy/module/Bee/Bee.Former.dll"
        Set-Content "$copy/examples/opensnoop/bee.yaml" 'changed'
        Invoke-Build | Should -BeLike 'module/Bee is complete*'
        (Get-FileHash "$copy/module/Bee/Bee.psd1").Hash | Should -Be (Get-FileHash "$root/Bee.psd1").Hash
        (Get-FileHash "$copy/module/Bee/Bee.Oci.dll").Hash | Should -Be (Get-FileHash "$copy/src/Bee.Cmdlets/bin/Release/net8.0/Bee.Oci.dll").Hash
        (Get-ChildItem "$copy/module/Bee/deps").Name | Should -Be (Get-ChildItem "$module/deps").Name
        "$copy/module/Bee/en-US/Bee.Cmdlets.dll-Help.xml" | Should -Exist
        "$copy/module/Bee/Bee.Former.dll" | Should -Not -Exist
        Get-Content "$copy/module/Bee/templates/opensnoop/bee.yaml" | Should -Be changed
        Invoke-Build | Should -BeLike '*up to date*'
    }
}

Describe 'The PowerShell of the build' -Tag Unloaded {
    BeforeAll { . $PSScriptRoot/Support.ps1 }

    It 'is a single process, and ends when it is killed' {
        $start = [Diagnostics.ProcessStartInfo]::new("$root/artifacts/pwsh", [string[]] ('-NoProfile', '-NonInteractive', '-Command', '$PID; Start-Sleep 60'))
        $start.RedirectStandardOutput = $true
        $process = [Diagnostics.Process]::Start($start)
        $process.StandardOutput.ReadLine() | Should -Be $process.Id
        $process.Kill()
        # No other process has the pipe open.
        $process.StandardOutput.ReadToEnd() | Should -BeNullOrEmpty
        $process.WaitForExit()
    }
    It 'starts another one in every supported way' {
        Invoke-PowerShell -Command '$PSHOME' | Should -Be $PSHOME
        $start = Get-PowerShellStart -Command '$PID'
        $start.RedirectStandardOutput = $true
        $process = [Diagnostics.Process]::Start($start)
        $process.StandardOutput.ReadToEnd() | Should -Be "$($process.Id)`n"
        $process.WaitForExit()
    }
}
