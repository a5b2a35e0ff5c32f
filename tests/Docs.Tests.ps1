BeforeDiscovery {
    $root = Split-Path $PSScriptRoot
    $pages = Get-Item "$root/*.md", "$root/.github/*.md", "$root/docs/*.md", "$root/src/*/README.md", "$root/bench/README.md", "$root/examples/README.md", "$root/examples/*/README.md" -ErrorAction Ignore |
        ForEach-Object { [IO.Path]::GetRelativePath($root, $_) }
}

Describe 'The documentation' -Tag Unloaded {
    BeforeAll {
        . $PSScriptRoot/Support.ps1

        # Returns the anchors of a page: GitHub's form of its headings.
        function Get-Anchor([string] $Path) {
            [regex]::Matches((Get-Content $Path -Raw), '(?m)^#+ (.+)$').ForEach{
                ($_.Groups[1].Value -replace '\[([^\]]*)\]\([^)]*\)', '$1').ToLowerInvariant() -replace '[^\w\- ]' -replace ' ', '-'
            }
        }
    }

    It 'has links to files and headings that exist: <_>' -ForEach $pages {
        $folder = Split-Path "$root/$_"
        $text = (Get-Content "$root/$_" -Raw) -replace '(?ms)^ *```.*?^ *```' -replace '`[^`\n]*`'
        foreach ($link in [regex]::Matches($text, '\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)')) {
            $path = $link.Groups[1].Value ? (Join-Path $folder $link.Groups[1].Value) : "$root/$_"
            $path | Should -Exist
            if ($link.Groups[2].Success) { $link.Groups[2].Value | Should -BeIn (Get-Anchor $path) -Because "'$($link.Value)' refers to it" }
        }
    }
    It 'becomes a site without a warning' {
        if ($env:BEE_FULL -ne '1') { Set-ItResult -Skipped -Because 'it is part of full runs' }
        $output = Invoke-PowerShell -File "$root/build.ps1" -Task Docs -NoBuild 2>&1
        $LASTEXITCODE | Should -Be 0 -Because ($output -join "`n")
        "$root/artifacts/site/index.html" | Should -Exist
    }
}
