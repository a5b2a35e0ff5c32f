# Builds the web site of the documentation.

function Build-Site {
    <#
    .SYNOPSIS
        Builds the API reference of the libraries and all pages into artifacts/site. A warning, such as a link without a target, is an error.
    #>
    $docfx = Install-Tool docfx
    Remove-Item "$artifacts/docs", "$artifacts/site" -Recurse -Force -ErrorAction Ignore
    $null = New-Item -ItemType Directory "$artifacts/docs"
    if (-not $NoBuild) { Get-Library | ForEach-Object { Invoke-Dotnet build "$root/src/$_" -c Release -v quiet --nologo } }
    Get-Contents | Set-Content "$artifacts/docs/toc.yml"
    $output = & $docfx "$root/docfx.json" --warningsAsErrors 2>&1
    if ($LASTEXITCODE -ne 0) { throw "docfx failed:`n$(@($output) -match ': (error|warning) ' -join "`n")" }
    # A web server shows index.html first.
    Copy-Item "$artifacts/site/README.html" "$artifacts/site/index.html"
    'artifacts/site is complete'
}

function Get-Contents {
    <#
    .SYNOPSIS
        Returns the lines of the table of contents, with the heading of each page.
    #>
    filter Format-Page([string] $Indent) {
        "$Indent- name: '$((Get-Content $_ -TotalCount 1).TrimStart('# ').Replace("'", "''"))'"
        "$Indent  href: '../../$([IO.Path]::GetRelativePath($root, $_))'"
    }
    $cmdlets, $pages = (Get-ChildItem "$root/docs/*.md").Where({ $_.Name -cmatch '^[A-Z]' }, 'Split')
    Get-Item "$root/README.md" | Format-Page
    '- name: Pages', '  items:'; $pages | Format-Page '    '
    '- name: Cmdlets', '  items:'; $cmdlets | Format-Page '    '
    '- name: Libraries', '  items:'; Get-Library | ForEach-Object { Get-Item "$root/src/$_/README.md" } | Format-Page '    '
    '- name: API', '  href: api/toc.yml'
}
