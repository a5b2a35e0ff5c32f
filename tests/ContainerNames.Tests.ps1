# Names of containers: the commands of docs/container-names.md, unchanged, on containers of podman whose state is in a folder of the test.
BeforeAll {
    . $PSScriptRoot/Support.ps1
    $folder = (Get-PSDrive TestDrive).Root

    # Returns the environment in which podman has the image busybox, and nothing of the host.
    function Start-Podman {
        Set-Content "$folder/containers.conf" "[containers]`nnetns = `"none`"`nlog_driver = `"none`"`ndefault_ulimits = [`"nofile=1024:1024`", `"nproc=1000:1000`"]`n[engine]`nruntime = `"runc`"`ncgroup_manager = `"cgroupfs`"`nevents_logger = `"none`""
        Set-Content "$folder/storage.conf" "[storage]`ndriver = `"vfs`"`ngraphroot = `"$folder/storage`"`nrunroot = `"$folder/run`""
        $bin = New-Item -ItemType Directory "$folder/root/bin"
        Copy-Item (Get-Command busybox).Source $bin/busybox
        foreach ($name in 'sh', 'sleep', 'cat', 'true') { $null = New-Item -ItemType SymbolicLink "$bin/$name" -Value busybox }
        $environment = "CONTAINERS_CONF=$folder/containers.conf", "CONTAINERS_STORAGE_CONF=$folder/storage.conf", "BEE_CONTAINER_RUNTIME=podman:$folder/storage"
        env @environment sh -c 'tar -C "$1" -c . | podman import --quiet - docker.io/library/busybox:latest' sh "$folder/root" | Out-Null
        $LASTEXITCODE | Should -Be 0
        $environment
    }
}

Describe 'The page of containers'' names' {
    It 'has lines that run as they stand, and give something' {
        Skip-WithoutKernel
        if ($missing = 'podman', 'runc', 'busybox' | Where-Object { -not (Get-Command $_ -ErrorAction Ignore) }) {
            Set-ItResult -Skipped -Because "needs $missing, which is not installed"
        }
        $environment = Start-Podman
        try {
            $blocks = Get-Block (Get-Content "$root/docs/container-names.md" -Raw)
            $number = 0
            $output = Invoke-Page $folder $(foreach ($block in $blocks) { "'block $((++$number))'"; $block }) -Environment $environment
        }
        finally {
            # A line that failed may have left the container.
            env @environment podman rm --all --force --time 0 2>&1 | Out-Null
        }

        $shown = $output -split '(?m)^block \d+\r?$' | Select-Object -Skip 1
        $shown.Count | Should -Be 6
        $shown[1] | Should -Match '(?s)container.*web .*web '
        $shown[2] | Should -Match '(?s)cat /etc/passwd|sleep 0\.1'
        $shown[2] | Should -Match 'docker.io/library/busybox:latest'
        $shown[3] | Should -Match '(?s)job1.*true'
        $shown[4] | Should -Match 'args +: '
        $shown[4] | Should -Not -Match 'container'
    }
}
