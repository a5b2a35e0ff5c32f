#!/usr/bin/env bash
# Runs a task of build.ps1. Installs missing prerequisites first, so it also works on a machine that has only the .NET SDK.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)

usage() {
    cat <<'END'
usage: ./build.sh TASK [ARGUMENT...]

  demo       build an example and run it against processes that the demo starts
  test       build everything and run every suite
             -Full adds the long runs, -Suite NAME runs one suite, -Coverage measures line coverage
  build      complete module/Bee, for Import-Module ./module/Bee
  bench      compare with C programs on libbpf
  pack       pack the module into artifacts/ and the libraries into artifacts/libraries
  docs       build the API reference and the pages of docs/ into artifacts/site
  api        list the public members of the libraries in PublicAPI.Unshipped.txt
  container  build the base and builder images with podman or docker; -Base NAME, -BaseOnly

Further arguments are passed to build.ps1, as in: ./build.sh test -Full
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

# Without a terminal, sudo cannot ask for a password.
can_be_root() { [ "$(id -u)" -eq 0 ] || { have sudo && { sudo -n true 2>/dev/null || [ -t 0 ]; }; }; }

has_library() {
    local cache
    cache=$(PATH="$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null || true)
    [[ $cache == *"$1"* ]]
}

check_sdk() {
    local versions
    have dotnet || die "the .NET SDK 10 is missing: install the package dotnet-sdk-10.0, or follow https://learn.microsoft.com/dotnet/core/install/linux"
    # .NET does not start without ICU, unless globalization is invariant. Bee does not compare text by culture.
    has_library libicuuc.so || export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
    versions=$(dotnet --list-sdks)
    grep -q '^10\.' <<<"$versions" ||
        die "the .NET SDK 10 is missing; dotnet has only: $(tr '\n' ' ' <<<"$versions")"
}

# Prints the Debian packages that are missing.
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
            say "build.sh: missing (Debian package names): ${missing[*]}"
            say "          (Fedora: clang llvm libbpf-devel gcc; Arch: clang llvm libbpf gcc; Alpine: clang llvm libbpf-dev gcc)"
            return
        fi
        if ! can_be_root; then
            say "build.sh: missing: ${missing[*]}. As root, run: apt-get install ${missing[*]}"
            return
        fi
        say "build.sh: installing ${missing[*]}"
        apt_install "${missing[@]}" || die "apt-get could not install ${missing[*]}"
    fi
    # Only the benchmarks use bpftool. The name of its package differs between distributions.
    if [ "$task" = bench ] && ! PATH="$PATH:/usr/sbin:/sbin" have bpftool && have apt-get && can_be_root; then
        apt_install bpftool || apt_install "linux-tools-$(uname -r)" || say "build.sh: bpftool could not be installed; the comparisons with it are skipped"
    fi
    if [[ $task == test || $task == bench ]] && have apt-get && can_be_root; then
        install_registry
        install_podman
        [ "$task" = bench ] || install_sshd
    fi
    if [ "$task" = test ] && [ "$(uname -m)" = x86_64 ] && have apt-get && can_be_root; then
        install_emulator
    fi
    has_library libbpf.so.1 || say "build.sh: libbpf.so.1 (libbpf 1.0 or later) is missing: tools can be built, but not run"
}

# Tests and benchmarks start Debian's registry and run third-party clients. They unpack more of Debian's packages themselves (oras, cosign, kernels) and verify
# them with Debian's keyring.
install_registry() {
    local wanted=()
    have docker-registry || wanted+=(docker-registry)
    have skopeo || wanted+=(skopeo)
    [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || wanted+=(debian-archive-keyring)
    [ ${#wanted[@]} -eq 0 ] && return
    say "build.sh: installing ${wanted[*]}"
    if ! apt_install "${wanted[@]}"; then
        say "build.sh: ${wanted[*]} could not be installed; tests that need them are skipped"
    elif [[ ${wanted[*]} == *docker-registry* ]] && [ -d /run/systemd/system ]; then
        # The package also starts a system-wide registry, which the tests do not use.
        as_root systemctl disable --quiet --now docker-registry || say "build.sh: the service docker-registry could not be stopped"
    fi
}

# The tests and a benchmark run containers. Their images are made from files of this machine.
install_podman() {
    local wanted=()
    have podman || wanted+=(podman)
    PATH="$PATH:/usr/sbin" have runc || wanted+=(runc)
    [ ${#wanted[@]} -eq 0 ] && return
    say "build.sh: installing ${wanted[*]}"
    apt_install "${wanted[@]}" || say "build.sh: ${wanted[*]} could not be installed; tests that run containers are skipped"
}

# The tests start sshd on loopback, with keys and settings of their own.
install_sshd() {
    local wanted=()
    have ssh || wanted+=(openssh-client)
    PATH="$PATH:/usr/sbin" have sshd || wanted+=(openssh-server)
    [ ${#wanted[@]} -eq 0 ] && return
    say "build.sh: installing ${wanted[*]}"
    if ! apt_install "${wanted[@]}"; then
        say "build.sh: ${wanted[*]} could not be installed; tests that need hosts for ssh are skipped"
    elif [[ ${wanted[*]} == *openssh-server* ]] && [ -d /run/systemd/system ]; then
        # The package also starts a system-wide server, which the tests do not use.
        as_root systemctl disable --quiet --now ssh || say "build.sh: the service ssh could not be stopped"
    fi
}

# The tests boot Debian's kernels in an emulator, with busybox as the guest's shell.
install_emulator() {
    local wanted=()
    have qemu-system-x86_64 || wanted+=(qemu-system-x86)
    have busybox || wanted+=(busybox-static)
    [ ${#wanted[@]} -eq 0 ] && return
    say "build.sh: installing ${wanted[*]}"
    apt_install "${wanted[@]}" || say "build.sh: ${wanted[*]} could not be installed; tests in virtual machines are skipped"
}

# Prints the output of apt-get only if it fails.
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
        say "build.sh: $type is not mounted on $path. As root, run: mount -t $type $type $path"
    fi
}

# Prints the path of the pwsh on PATH. Fails if it is older than 7.4 or a .NET tool. A .NET tool runs the session as a child process, which survives when the tool
# is killed, and it is in its user's home folder, where tests that run as another user cannot start it.
installed_pwsh() {
    have pwsh || return 1
    # shellcheck disable=SC2016
    pwsh -NoProfile -NonInteractive -Command '
        $file = [Environment]::ProcessPath
        if ($PSVersionTable.PSVersion -lt "7.4" -or (Split-Path -Leaf $file) -eq "dotnet") { exit 1 }
        $file' 2>/dev/null </dev/null
}

# Downloads the PowerShell of .config/dotnet-tools.json into artifacts/packages, once, and sets $restored to the path of its pwsh.dll. Tests that run as another
# user cannot read the package cache in the caller's home folder.
restore_pwsh() {
    local version folder output
    version=$(sed -nE '/"powershell"/,/"version"/s/.*"version": "([^"]+)".*/\1/p' "$root/.config/dotnet-tools.json")
    folder=$root/artifacts/packages/powershell/$version
    restored=$(echo "$folder"/tools/net*/any/unix/pwsh.dll)
    [ -e "$restored" ] && [ -e "$folder/.nupkg.metadata" ] && return
    say "build.sh: restoring PowerShell $version"
    output=$(dotnet package download "PowerShell@$version" --output "$root/artifacts/packages" 2>&1) || die "PowerShell could not be restored: $output"
    restored=$(echo "$folder"/tools/net*/any/unix/pwsh.dll)
}

# Writes artifacts/pwsh, a script that starts the PowerShell of the build: the one on PATH, or else the restored one. The tests copy files of the restored one into
# virtual machines, and the container image contains it.
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

# Only root can load programs into the kernel. The build runs as the caller, so that root owns no file of the clone.
run_demo() {
    run_task Build "$@"
    if [ "$(id -u)" -eq 0 ] || ! can_be_root; then
        run_task Demo -NoBuild "$@"
    else
        say "build.sh: loading a program into the kernel needs root; running the demo with sudo"
        as_root env "PATH=$PATH" "DOTNET_ROOT=$(dirname "$(readlink -f "$(command -v dotnet)")")" \
            "$pwsh" -NoProfile -NonInteractive -File "$root/build.ps1" -Task Demo -NoBuild "$@"
    fi
}

task=${1:-}
case $task in
    demo | test | build | bench | pack | docs | api | container) shift ;;
    -h | --help | help) usage; exit 0 ;;
    *) usage >&2; exit 64 ;;
esac

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 POWERSHELL_TELEMETRY_OPTOUT=1
# No build server survives the build; build.ps1 starts and stops a compiler for its own builds.
export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false
# Some tests kill .NET processes. A killed process leaves its diagnostics socket in the temporary folder.
export DOTNET_EnableDiagnostics=0 POWERSHELL_DIAGNOSTICS_OPTOUT=1

# The SDK and killed tests leave files in the temporary folder. This one is deleted after the run. Its mode is that of /tmp, for tests that run as nobody.
TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/bee.XXXXXX")
trap 'rm -rf "$TMPDIR"' EXIT
chmod 1777 "$TMPDIR"
export TMPDIR

# The SDK and PowerShell write to the home folder. The caller may have none, or one that is not writable.
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
