#!/bin/sh
# Starts one sshd for each host name, on loopback, with keys and settings of its own, until standard input is closed. Then it kills the servers, their sessions and all
# processes of these, and deletes the folder.
#
#   sshd.sh FOLDER MODULES PWSH HOST...
#
# FOLDER/bin/sudo is that of the hosts. FOLDER/bin/ssh is a client that knows the hosts by name; FOLDER/ssh_config is its configuration. FOLDER/HOST.address has the address and port of a host for other clients, FOLDER/key
# the key of its user, and FOLDER/known_hosts its own. FOLDER/HOST.conf may hold more lines for the sshd of a host: the first
# occurrence of a setting wins. FOLDER/home is the home folder of all hosts, and PWSH is their pwsh, which finds modules in MODULES.
#
# Lines of standard input: "kill HOST", "stop HOST" (SIGSTOP to the server and all its processes), "cont HOST", "list HOST" (prints the ids of the processes of its
# sessions). Each is answered by a line that begins with "ok".
set -eu
umask 022
folder=$1 modules=$2 pwsh=$3
shift 3
sshd=$(PATH=$PATH:/usr/sbin:/sbin command -v sshd)
user=$(id -un)
mkdir -p "$folder/bin" "$folder/home"
# The folder of privilege separation, which the package's service creates too when it starts.
if [ "$(id -u)" -eq 0 ]; then mkdir -p /run/sshd; fi
ln -s "$pwsh" "$folder/bin/pwsh"
printf '#!/bin/sh\nexec "%s" -F "%s" "$@"\n' "$(command -v ssh)" "$folder/ssh_config" >"$folder/bin/ssh"
# Stands for a sudo that asks for no password.
printf '#!/bin/sh\n[ "$1 $2" = "-n --" ] || exit 1\nshift 2\nexec "$@"\n' >"$folder/bin/sudo"
chmod 755 "$folder/bin/ssh" "$folder/bin/sudo"
ssh-keygen -q -t ed25519 -N '' -C '' -f "$folder/host_key" &
ssh-keygen -q -t ed25519 -N '' -C '' -f "$folder/key"
wait
cp "$folder/key.pub" "$folder/authorized_keys"
: >"$folder/known_hosts"
: >"$folder/ssh_config"

# Prints the ids of all descendants of a process.
descendants() {
    for child in $(cat "/proc/$1/task/"*/children 2>/dev/null); do
        echo "$child"
        descendants "$child"
    done
}

# Prints the ids of all processes of a host's sessions, including those whose parents have ended: their environment names the host.
processes() {
    {
        if [ -e "$folder/$1.pid" ]; then descendants "$(cat "$folder/$1.pid")"; fi
        grep -lsz "^BEE_SSHD=$folder/$1\$" /proc/[0-9]*/environ | cut -d/ -f3
    } | sort -u
}

# Succeeds if a process exists and is not a zombie.
lives() {
    read -r line 2>/dev/null <"/proc/$1/stat" || return 1
    case ${line##*) } in Z*) return 1 ;; esac
}

# Kills a server and all its processes, and returns when none is left.
end() {
    [ -e "$folder/$1.pid" ] || return 0
    ids="$(cat "$folder/$1.pid") $(processes "$1")"
    while :; do
        # shellcheck disable=SC2086
        kill -9 $ids 2>/dev/null || :
        for id in $ids; do
            while lives "$id"; do sleep 0.01; done
        done
        # A process may have started another one meanwhile.
        ids=$(processes "$1")
        [ -n "$ids" ] || break
    done
    rm "$folder/$1.pid"
}

end_all() {
    for host in $hosts; do end "$host"; done
    rm -rf "$folder"
}

# Starts the server of a host. Another process may take the chosen port first; then it chooses another.
start() {
    while :; do
        port=$(($(od -An -N2 -tu2 /dev/urandom) % 12000 + 20000))
        {
            cat "$folder/$1.conf" 2>/dev/null || :
            cat <<EOF
ListenAddress 127.0.0.1:$port
HostKey $folder/host_key
PidFile none
AuthorizedKeysFile $folder/authorized_keys
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
MaxStartups 100
PrintMotd no
SetEnv BEE_SSHD=$folder/$1 PATH=$folder/bin:$PATH PSModulePath=$modules HOME=$folder/home POWERSHELL_TELEMETRY_OPTOUT=1 POWERSHELL_DIAGNOSTICS_OPTOUT=1 DOTNET_EnableDiagnostics=0 BEE_CONTAINER_RUNTIME=none
Subsystem powershell $folder/bin/pwsh -sshs -NoLogo -NoProfile
EOF
        } >"$folder/$1.sshd"
        : >"$folder/$1.log"
        "$sshd" -D -f "$folder/$1.sshd" -E "$folder/$1.log" </dev/null >/dev/null 2>>"$folder/$1.log" &
        pid=$!
        while kill -0 $pid 2>/dev/null; do
            if grep -q '^Server listening' "$folder/$1.log"; then
                echo $pid >"$folder/$1.pid"
                cat >>"$folder/ssh_config" <<EOF
Host $1
    HostName 127.0.0.1
    Port $port
    HostKeyAlias $1
EOF
                echo "$1,[127.0.0.1]:$port $(cut -d' ' -f1,2 "$folder/host_key.pub")" >>"$folder/known_hosts"
                echo "127.0.0.1:$port" >"$folder/$1.address"
                return
            fi
            sleep 0.01
        done
        grep -q 'Address already in use' "$folder/$1.log" || { cat "$folder/$1.log" >&2; exit 1; }
    done
}

hosts=$*
trap end_all EXIT
trap 'exit 1' HUP INT TERM
for host in $hosts; do start "$host"; done
cat >>"$folder/ssh_config" <<EOF
Host *
    User $user
    IdentityFile $folder/key
    IdentitiesOnly yes
    UserKnownHostsFile $folder/known_hosts
    GlobalKnownHostsFile /dev/null
    StrictHostKeyChecking yes
    BatchMode yes
EOF
echo ok
while read -r command host; do
    case $command in
        kill) end "$host"; echo ok ;;
        # shellcheck disable=SC2046
        stop) kill -STOP "$(cat "$folder/$host.pid")" $(processes "$host"); echo ok ;;
        # shellcheck disable=SC2046
        cont) kill -CONT "$(cat "$folder/$host.pid")" $(processes "$host"); echo ok ;;
        # shellcheck disable=SC2046
        list) echo ok $(processes "$host") ;;
    esac
done
