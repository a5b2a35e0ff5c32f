#!/usr/bin/env bash
# From a bare Linux machine to a built, tested or shown Bee: installs what is missing, then runs build.ps1.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)

usage() {
    cat <<'END'
usage: ./build.sh TASK [ARGUMENT...]

  demo     build an example, run it on processes of its own, print its events
  test     build everything and run every test; -Full adds the long runs, -Suite NAME runs one suite
  build    complete module/Bee, for Import-Module ./module/Bee
  bench    measure against C programs on libbpf
  pack     put the module into a package under artifacts/
  container
           build the base of containers and the builder with podman or docker; -Base NAME, -BaseOnly

Further arguments go to build.ps1, as in: ./build.sh test -Full
END
}

say() { printf '%s\n' "$*" >&2; }
die() { say "build.sh: $*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# sudo may ask for a password only where somebody can type one.
can_be_root() { [ "$(id -u)" -eq 0 ] || { have sudo && { sudo -n true 2>/dev/null || [ -t 0 ]; }; }; }

has_library() {
    local cache
    cache=$(PATH="$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null || true)
    [[ $cache == *"$1"* ]]
}

check_sdk() {
    local versions
    have dotnet || die "the .NET SDK 10 is missing: install the package dotnet-sdk-10.0, or follow https://learn.microsoft.com/dotnet/core/install/linux"
    # A .NET without ICU refuses to start; nothing here compares text by culture.
    has_library libicuuc.so || export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
    versions=$(dotnet --list-sdks)
    grep -q '^10\.' <<<"$versions" ||
        die "the .NET SDK 10 is missing; dotnet has only: $(tr '\n' ' ' <<<"$versions")"
}

# Names the packages for what is not there yet: what the tasks need first, what they can do without second.
missing_packages() {
    have clang || echo clang
    have llvm-strip || compgen -c llvm-strip- >/dev/null || echo llvm
    { [ -e /usr/include/bpf/bpf_helpers.h ] && has_library libbpf.so.1; } || echo libbpf-dev
    have gcc || echo gcc
}

install_packages() {
    local missing
    mapfile -t missing < <(missing_packages)
    if [ ${#missing[@]} -gt 0 ]; then
        if ! have apt-get; then
            say "build.sh: missing here, by their Debian names: ${missing[*]}"
            say "          (Fedora: clang llvm libbpf-devel gcc; Arch: clang llvm libbpf gcc; Alpine: clang llvm libbpf-dev gcc)"
            return
        fi
        if ! can_be_root; then
            say "build.sh: missing: ${missing[*]}; as root: apt-get install ${missing[*]}"
            return
        fi
        say "build.sh: installing ${missing[*]}"
        apt_install "${missing[@]}" || die "apt-get could not install ${missing[*]}"
    fi
    # Only the benchmarks measure against bpftool, and its package has another name on each distribution.
    if [ "$task" = bench ] && ! PATH="$PATH:/usr/sbin:/sbin" have bpftool && have apt-get && can_be_root; then
        apt_install bpftool || apt_install "linux-tools-$(uname -r)" || say "build.sh: no bpftool; what is measured against it is skipped"
    fi
    if [[ $task == test || $task == bench ]] && have apt-get && can_be_root; then
        install_registry
        install_podman
    fi
    if [ "$task" = test ] && [ "$(uname -m)" = x86_64 ] && have apt-get && can_be_root; then
        install_emulator
    fi
    has_library libbpf.so.1 || say "build.sh: no libbpf.so.1 (libbpf 1.0 or later): programs can be built here, not run"
}

# Tests and benchmarks also speak to a registry, start it themselves, and let other people's clients do so: the registry, skopeo, and the keys that further
# packages of Debian are checked with, which they unpack (oras, cosign, kernels).
install_registry() {
    local wanted=()
    have docker-registry || wanted+=(docker-registry)
    have skopeo || wanted+=(skopeo)
    [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || wanted+=(debian-archive-keyring)
    [ ${#wanted[@]} -eq 0 ] && return
    say "build.sh: installing ${wanted[*]}"
    if ! apt_install "${wanted[@]}"; then
        say "build.sh: no ${wanted[*]}; what needs them is skipped"
    elif [[ ${wanted[*]} == *docker-registry* ]] && [ -d /run/systemd/system ]; then
        # The package starts a registry of the machine's own, which nobody asked for.
        as_root systemctl disable --quiet --now docker-registry || say "build.sh: the service docker-registry, which came with the package, runs on"
    fi
}

# The tests and a benchmark run containers. What a container is made of comes from this machine, so nothing else is downloaded.
install_podman() {
    local wanted=()
    have podman || wanted+=(podman)
    PATH="$PATH:/usr/sbin" have runc || wanted+=(runc)
    [ ${#wanted[@]} -eq 0 ] && return
    say "build.sh: installing ${wanted[*]}"
    apt_install "${wanted[@]}" || say "build.sh: no ${wanted[*]}; what runs containers is skipped"
}

# The tests boot Debian's kernels under emulation: the emulator, and a shell for the guest.
install_emulator() {
    local wanted=()
    have qemu-system-x86_64 || wanted+=(qemu-system-x86)
    have busybox || wanted+=(busybox-static)
    [ ${#wanted[@]} -eq 0 ] && return
    say "build.sh: installing ${wanted[*]}"
    apt_install "${wanted[@]}" || say "build.sh: no ${wanted[*]}; the tests in virtual machines are skipped"
}

# Quiet when it goes well; shows what apt-get said when it does not.
apt_install() {
    local log
    log=$(mktemp)
    if { as_root apt-get update -q && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"; } >"$log" 2>&1 </dev/null; then
        rm -f "$log"
    else
        tail -n 15 "$log" >&2
        rm -f "$log"
        return 1
    fi
}

mount_filesystem() {
    local type=$1 path=$2
    grep -qs " $path $type " /proc/mounts && return
    if can_be_root; then
        as_root mount -t "$type" "$type" "$path" 2>/dev/null || say "build.sh: $type could not be mounted on $path"
    else
        say "build.sh: $type is not mounted on $path; as root: mount -t $type $type $path"
    fi
}

# Prints the path of the pwsh on PATH; fails without one of version 7.4 or later, and where it is a .NET tool: that one starts the session as a child, which
# outlives it when it is killed, and lies in the home of its user, where tests that run as another user cannot start it.
installed_pwsh() {
    have pwsh || return 1
    # shellcheck disable=SC2016
    pwsh -NoProfile -NonInteractive -Command '
        $file = [Environment]::ProcessPath
        if ($PSVersionTable.PSVersion -lt "7.4" -or (Split-Path -Leaf $file) -eq "dotnet") { exit 1 }
        $file' 2>/dev/null </dev/null
}

# Puts the PowerShell of .config/dotnet-tools.json into artifacts/packages, once, and names its pwsh.dll in $restored. There, and not in the packages of the
# caller's home, also tests that run as another user may read it.
restore_pwsh() {
    local version folder output
    version=$(sed -nE 's/.*"version": "([^"]+)".*/\1/p' "$root/.config/dotnet-tools.json")
    folder=$root/artifacts/packages/powershell/$version
    restored=$(echo "$folder"/tools/net*/any/unix/pwsh.dll)
    [ -e "$restored" ] && [ -e "$folder/.nupkg.metadata" ] && return
    say "build.sh: restoring PowerShell $version"
    output=$(dotnet package download "PowerShell@$version" --output "$root/artifacts/packages" 2>&1) || die "PowerShell could not be restored: $output"
    restored=$(echo "$folder"/tools/net*/any/unix/pwsh.dll)
}

# Writes artifacts/pwsh, which becomes the PowerShell that builds and tests: the one on PATH, else the restored one. Tests take files of the restored one
# into virtual machines.
find_pwsh() {
    local installed command
    pwsh=$root/artifacts/pwsh
    mkdir -p "$root/artifacts"
    installed=$(installed_pwsh) || installed=
    if [ -z "$installed" ] || [ "$task" = test ] || [ "$task" = container ]; then restore_pwsh; fi
    if [ -n "$installed" ]; then command=("$installed"); else command=("$(command -v dotnet)" "$restored"); fi
    printf '#!/bin/sh\n# Written by build.sh.\nexec%s "$@"\n' "$(printf " '%s'" "${command[@]//\'/\'\\\'\'}")" >"$TMPDIR/pwsh"
    chmod 755 "$TMPDIR/pwsh"
    cmp -s "$TMPDIR/pwsh" "$pwsh" || mv "$TMPDIR/pwsh" "$pwsh"
}

run_task() { "$pwsh" -NoProfile -NonInteractive -File "$root/build.ps1" -Task "$@"; }

# Only root may load programs into the kernel. Building stays the caller's own, so that no file here becomes root's.
run_demo() {
    run_task Build "$@"
    if [ "$(id -u)" -eq 0 ] || ! can_be_root; then
        run_task Demo -NoBuild "$@"
    else
        say "build.sh: loading into the kernel takes root: the demo runs through sudo"
        as_root env "PATH=$PATH" "DOTNET_ROOT=$(dirname "$(readlink -f "$(command -v dotnet)")")" \
            "$pwsh" -NoProfile -NonInteractive -File "$root/build.ps1" -Task Demo -NoBuild "$@"
    fi
}

task=${1:-}
case $task in
    demo | test | build | bench | pack | container) shift ;;
    -h | --help | help) usage; exit 0 ;;
    *) usage >&2; exit 64 ;;
esac

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 POWERSHELL_TELEMETRY_OPTOUT=1
# No build server outlives the build.
export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false
# Some tests kill processes, and one that is killed cannot take away what it opened in the temporary folder for debuggers.
export DOTNET_EnableDiagnostics=0 POWERSHELL_DIAGNOSTICS_OPTOUT=1

# The SDK leaves empty folders and killed tests their files: all in one place that goes with this run. Open as /tmp is, for tests that run as nobody.
TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/bee.XXXXXX")
trap 'rm -rf "$TMPDIR"' EXIT
chmod 1777 "$TMPDIR"
export TMPDIR

# The SDK and PowerShell write to the home folder, which the caller may not have or own.
if ! [ -w "${HOME:-}" ]; then
    export HOME=$root/artifacts/home
    mkdir -p "$HOME"
fi

check_sdk
install_packages
mount_filesystem tracefs /sys/kernel/tracing
mount_filesystem bpf /sys/fs/bpf
find_pwsh

case $task in
    demo) run_demo "$@" ;;
    *) run_task "${task^}" "$@" ;;
esac
