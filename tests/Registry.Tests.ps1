# Images and registries in a real PowerShell: the lines of the README, the streams, the screen. Faults are tested with the cmdlets.
Describe 'A registry' {
    BeforeAll {
        . $PSScriptRoot/Support.ps1
        $folder = (Get-PSDrive TestDrive).Root
        $env:BEE_STORE = "$folder/store"
        if (-not (Get-RegistryObstacle)) { $registry = Start-Registry "$folder/registry" }
        $name = "localhost:$("$($registry.Name)".Split(':')[-1])/me/opensnoop:v1"
        $source = Join-Path $root examples opensnoop
    }
    AfterAll {
        if ($registry) { $registry.Process.Kill() }
        $env:BEE_STORE = $null
    }

    It 'accepts a built image and returns it' {
        Skip-WithoutRegistry
        $published = Invoke-BeeBuild $source -Tag $name | Publish-BeeImage
        $published.Reference | Should -Be $name
        Remove-BeeImage $name
        Get-BeeImage | Should -BeNullOrEmpty

        (Find-BeeImage $name | Save-BeeImage).Digest | Should -Be $published.Digest
        (Find-BeeImage ($name -replace ':v1$')).Tag | Should -Be v1
    }
    It 'notes skipped blobs on the Verbose stream' {
        Skip-WithoutRegistry
        $said = Publish-BeeImage $name -Verbose 4>&1
        "$($said -match 'no blob sent')" | Should -Match ([regex]::Escape($name))
    }
    It 'provides an image that is run and not in the store' {
        Skip-WithoutRegistry
        Skip-WithoutKernel
        Remove-BeeImage $name
        $load = Start-OpenLoad
        try { @(Invoke-BeeProgram $name -Parameter @{ target_pid = $load.Id } -MaxEvents 3).Count | Should -Be 3 }
        finally { $load.Kill($true) }
        (Get-BeeImage $name).Reference | Should -Be $name
    }
    It 'is shown in 80 columns' {
        Skip-WithoutRegistry
        $lines = Get-Screen "Find-BeeImage $($name -replace ':v1$') -Detailed; Find-BeeImage $($name -replace '/.*')"
        $lines | Where-Object Length -gt 80 | Should -BeNullOrEmpty
        $lines -join "`n" | Should -Match 'Repository +Tag +Digest +Created +Size'
    }
    It 'is completed from the local images' {
        Skip-WithoutRegistry
        (TabExpansion2 "Save-BeeImage local" 19).CompletionMatches.CompletionText | Should -Contain $name
        (TabExpansion2 "Save-BeeImage $name -Platform linux/am" ("Save-BeeImage $name -Platform linux/am".Length)).CompletionMatches.CompletionText | Should -Contain linux/amd64
    }
}
