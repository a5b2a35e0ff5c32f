#!/bin/busybox sh
# The guest's first process: mounts what programs and tests read, runs the scenarios, switches off.
/bin/busybox --install -s /bin
export PATH=/bin HOME=/root DOTNET_ROOT=/dotnet DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
export DOTNET_EnableDiagnostics=0 POWERSHELL_TELEMETRY_OPTOUT=1 POWERSHELL_DIAGNOSTICS_OPTOUT=1 POWERSHELL_UPDATECHECK=Off NO_COLOR=1 DOTNET_TieredPGO=0 DOTNET_TC_CallCounting=0 COLUMNS=80
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev 2>/dev/null
mount -t tracefs tracefs /sys/kernel/tracing
mount -t debugfs debugfs /sys/kernel/debug
mount -t securityfs securityfs /sys/kernel/security
mount -t bpf bpf /sys/fs/bpf
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs tmpfs /tmp
ip link set lo up
for module in /bee/modules/*; do
	case $module in
	*.xz) unxz -c "$module" >/tmp/module.ko && insmod /tmp/module.ko; rm -f /tmp/module.ko ;;
	*) insmod "$module" ;;
	esac
done
echo "guest: $(uname -r) up after $(cut -d' ' -f1 /proc/uptime) s"
/dotnet/dotnet /bee/powershell/pwsh.dll -NoProfile -NonInteractive -File /bee/inside/run-scenarios.ps1 </dev/null
echo "guest: scenarios ended with $? after $(cut -d' ' -f1 /proc/uptime) s"
poweroff -f
