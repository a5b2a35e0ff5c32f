using System.Management.Automation;

namespace Bee.Cmdlets.Tests;

/// <summary>Records whose type is not declared, from the C file to the object.</summary>
[Collection("Bee")]
public sealed class RecordTypeTests : IDisposable
{
    private const string Source = """
        #include "vmlinux.h"
        #include <bpf/bpf_helpers.h>

        const volatile pid_t target_pid = 1;

        struct record { u32 tgid; u32 size; u8 data[24]; };

        struct {
            __uint(type, BPF_MAP_TYPE_RINGBUF);
            __uint(max_entries, 1 << 16);
        } records SEC(".maps");

        SEC("tracepoint/syscalls/sys_enter_openat")
        int opened(void *ctx)
        {
            struct record record = { .tgid = bpf_get_current_pid_tgid() >> 32, .size = 8 };

            if (target_pid != record.tgid)
                return 0;
            bpf_ringbuf_output(&records, &record, sizeof(record), 0);
            bpf_ringbuf_output(&records, &record, 12, 0);
            return 0;
        }

        char LICENSE[] SEC("license") = "GPL";
        """;

    private readonly TempFolder _folder = new();
    private readonly Shell _shell = new();
    private readonly Load _load = new();

    [KernelFact]
    public void Records_are_bytes_with_a_warning_until_their_type_is_named()
    {
        (string, object?)[] variables = [("source", _folder.Write("tool.bpf.c", Source)), ("store", _folder["store"]), ("id", _load.Id)];
        _load.Repeat(": < /etc/hostname");

        ShellResult plain = _shell.Run("$plain = Invoke-BeeBuild $source -Tag plain -Store $store; Invoke-BeeProgram $plain -Store $store -Map records -Parameter @{ target_pid = $id } -MaxEvents 1 -Duration 20", variables);
        Assert.Equal(["Data", "MapName"], Assert.Single(plain.Output).Properties.Select(property => property.Name).Order());
        Assert.Collection(
            plain.Warnings,
            built => Assert.Contains("-RecordType @{ records = 'record' }", built, StringComparison.Ordinal),
            run => Assert.Contains("build the tool again with -RecordType", run, StringComparison.Ordinal));

        ShellResult typed = _shell.Run("$typed = Invoke-BeeBuild $source -Tag typed -Store $store -RecordType @{ records = 'record' }; Invoke-BeeProgram $typed -Store $store -Parameter @{ target_pid = $id } -MaxEvents 2 -Duration 20", variables);
        PSObject[] events = [.. typed.Output];
        Assert.Equal([(uint)_load.Id, (uint)_load.Id], events.Select(one => one.Properties["tgid"].Value));
        Assert.Equal(true, events[1].Properties["Truncated"].Value);
        Assert.Contains("records of 12 bytes", Assert.Single(typed.Warnings), StringComparison.Ordinal);

        var wrong = _shell.Run("Invoke-BeeProgram $source -RecordType @{ records = 'recrod' }", variables).Errors[0];
        Assert.StartsWith("BadRecordType", wrong.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("Did you mean 'record'?", wrong.Exception.Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _load.Dispose();
        _shell.Dispose();
        _folder.Dispose();
    }
}
