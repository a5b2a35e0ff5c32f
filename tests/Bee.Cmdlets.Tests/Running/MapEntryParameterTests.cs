using System.Management.Automation;

namespace Bee.Cmdlets.Tests;

/// <summary>-MapEntry: maps that are filled before the tool is attached.</summary>
[Collection("Bee")]
public sealed class MapEntryParameterTests(Programs programs) : IDisposable
{
    private const string Source = """
        #include "bee.h"
        BEE_LICENSE("GPL");
        BEE_PARAM(pid_t, target_pid, 0);
        struct who { u32 pid; u16 port; };
        struct rule { u64 limit; u32 kind; u8 parts[4]; };
        BEE_HASH(deny, u32, u64, 4);
        BEE_HASH(rules, struct who, struct rule, 8);
        struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8); __type(key, char[16]); __type(value, u32); } names SEC(".maps");
        BEE_ARRAY(slots, u32, 4);
        BEE_PERCPU_ARRAY(each, u64, 1);
        struct { __uint(type, BPF_MAP_TYPE_QUEUE); __uint(max_entries, 4); __type(value, u32); } waiting SEC(".maps");
        struct route { u32 prefixlen; ipv4_addr network; };
        struct { __uint(type, BPF_MAP_TYPE_LPM_TRIE); __uint(max_entries, 4); __uint(map_flags, BPF_F_NO_PREALLOC); __type(key, struct route); __type(value, u32); } routes SEC(".maps");
        BEE_RING(print_found, u64, 4096);
        SEC("tracepoint/syscalls/sys_enter_openat")
        int found(void *ctx)
        {
            u32 key = 22;
            u64 *value;

            if (!bee_targeted(target_pid))
                return 0;
            value = bpf_map_lookup_elem(&deny, &key);
            if (value)
                bee_output(print_found, value, sizeof(*value));
            return 0;
        }
        """;

    private readonly Shell _shell = new();
    private readonly TempFolder _folder = new();

    [KernelTheory]
    [InlineData("@{ deny = @{ 22 = 7 } }", "22=7")]
    [InlineData("@{ deny = @{ '22' = '7'; 443 = 1 } }", "22=7 443=1")]
    [InlineData("@{ deny = @{ Key = 22; Value = 7 } }", "22=7")]
    [InlineData("@{ DENY = @{ Key = 22; Value = 7 }, [pscustomobject]@{ Key = 443; Value = 1 } }", "22=7 443=1")]
    [InlineData("@{ deny = 'Key,Value', '22,7', '443,1' | ConvertFrom-Csv }", "22=7 443=1")]
    [InlineData("@{ deny = '{ \"22\": 7, \"443\": 1 }' | ConvertFrom-Json }", "22=7 443=1")]
    [InlineData("@{ deny = @() }", "")]
    public void MapEntry_in_any_form_is_in_the_map(string entries, string expected) => Assert.Equal(expected, Started(entries, "deny", "\"$($_.Key)=$($_.Value)\""));

    [KernelTheory]
    [InlineData("rules", "@{ pid = 7; port = 80; limit = 5; parts = @(1) }", "7:80:5:[1,0,0,0]")]
    [InlineData("rules", "@{ Key = @{ pid = 7; port = 80 }; Value = @{ limit = 5 } }", "7:80:5:[0,0,0,0]")]
    [InlineData("rules", "@(@{ pid = 7; port = 80; limit = 5 }, @{ pid = 8; port = 81; limit = 6 })", "7:80:5:[0,0,0,0] 8:81:6:[0,0,0,0]")]
    public void MapEntry_of_structs_is_typed_by_their_fields(string map, string entries, string expected) =>
        Assert.Equal(expected, Started($"@{{ {map} = {entries} }}", map, "\"$($_.pid):$($_.port):$($_.limit):$($_.parts.ToString())\""));

    [KernelTheory]
    [InlineData("names", "@{ value = 1; sshd = 2 }", "sshd=2 value=1")]
    [InlineData("slots", "@{ 1 = 5 }", "1=5")]
    [InlineData("each", "@{ 0 = 5 }", "0=5")]
    [InlineData("routes", "@{ '10.0.0.0/8' = 1; '192.0.2.1' = 2 }", "10.0.0.0/8=1 192.0.2.1/32=2")]
    [InlineData("waiting", "4, 5", "=4")]
    public void MapEntry_of_every_kind_of_map_is_set(string map, string entries, string expected) =>
        Assert.Equal(expected, Started($"@{{ {map} = {entries} }}", map, "\"$($_.Key)=$($_.Value)\"", "| Where-Object Value -ne 0"));

    [KernelFact]
    public void MapEntry_of_several_maps_and_a_pinned_program_is_set()
    {
        string pin = $"bee-entries-{Environment.ProcessId}";
        Assert.Equal("22=7", Started("@{ deny = @{ 22 = 7 }; slots = @{ 1 = 5 } }", "deny", "\"$($_.Key)=$($_.Value)\"", start: $"-PinPath {pin}"));
    }

    [KernelFact]
    public void MapEntry_is_set_before_the_first_event()
    {
        using var load = new Load();
        _shell.Objects("$null = Start-BeeProgram $program -Name entries -Parameter @{ target_pid = $id } -MapEntry @{ deny = @{ 22 = 7 } }", ("program", Program), ("id", load.Id));
        load.Do(": < /etc/hostname");

        Assert.Equal("7", $"{Assert.Single(_shell.Objects("(Receive-BeeEvent entries -Wait -MaxEvents 1).Value; Stop-BeeProgram entries"))}");
    }

    [KernelTheory]
    [InlineData("@{ deny = @{ 22 = 1; x = 2 } }", "MapEntry.BadKey", "entry x")]
    [InlineData("@{ deny = @{ Key = 1; Value = 1 }, @{ Key = 2; Value = 'many' } }", "MapEntry.BadValue", "entry 2 (")]
    [InlineData("@{ deny = 1..5 | ForEach-Object { @{ Key = $_; Value = 1 } } }", "MapEntry.Full", "entry 5 (")]
    [InlineData("@{ rules = @{ pid = 7; prot = 80; limit = 5 } }", "MapEntry.UnknownField", "'port'")]
    [InlineData("@{ deny = 1, 2 }", "MapEntry.BadValue", "entry 1 (")]
    [InlineData("@{ deny = $null }", "MapEntryMissing", "deny")]
    [InlineData("@{ dny = @{ 1 = 2 } }", "MapNotFound", "dny")]
    [InlineData("@{ slots = @{ 9 = 2 } }", "MapEntry.BadKey", "slots")]
    [InlineData("@{ print_found = @{ 9 = 2 } }", "MapEntry.Unsupported", "print_found")]
    public void Invalid_MapEntry_is_an_error_with_map_and_entry_and_attaches_nothing(string entries, string id, string says)
    {
        ErrorRecord error = _shell.Error($"Start-BeeProgram $program -MapEntry {entries}", ("program", Program));

        Assert.StartsWith($"{id},", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(says, error.ToString(), StringComparison.Ordinal);
        Assert.Empty(_shell.Objects("Get-BeeProgram"));
    }

    public void Dispose()
    {
        _shell.Dispose();
        _folder.Dispose();
    }

    private string Program => programs.Compile("entries", Source);

    private string Started(string entries, string map, string text, string filter = "", string start = "")
    {
        try
        {
            return string.Join(' ', _shell.Objects(
                $"$null = Start-BeeProgram $program -Name entries -Parameter @{{ target_pid = 1 }} -MapEntry {entries} {start}; Get-BeeMapEntry {map} -Program entries {filter} | ForEach-Object {{ {text} }} | Sort-Object",
                ("program", Program)));
        }
        finally
        {
            _shell.Run("Get-BeeProgram | Stop-BeeProgram");
        }
    }
}
