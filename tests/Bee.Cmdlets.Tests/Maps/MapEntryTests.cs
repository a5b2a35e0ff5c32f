using System.Management.Automation;

namespace Bee.Cmdlets.Tests;

/// <summary>Sets and removes entries in the maps of a running session that does nothing else.</summary>
[Collection("Bee")]
public sealed class MapEntryTests : IDisposable
{
    private const string Source = """
        #include "bee.h"
        BEE_LICENSE("GPL");
        enum verdict { LET_PASS, LET_DROP = 2 };
        struct caller { pid_t pid; char comm[16]; u16 port; };
        struct limit { u64 rate; enum verdict action; ipv4_addr from; duration window; };
        BEE_HASH(limits, struct caller, struct limit, 4);
        BEE_HASH(numbers, u32, u64, 64);
        BEE_ARRAY(settings, s64, 4);
        struct inner { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8); __type(key, u32); __type(value, u64); } first SEC(".maps");
        struct { __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); __uint(max_entries, 4); __type(key, u32); __array(values, struct inner); } outer SEC(".maps") = { .values = { [1] = &first } };
        struct { __uint(type, BPF_MAP_TYPE_QUEUE); __uint(max_entries, 3); __type(value, u32); } jobs SEC(".maps");
        struct { __uint(type, BPF_MAP_TYPE_BLOOM_FILTER); __uint(max_entries, 10); __type(value, u32); } seen SEC(".maps");
        BEE_PARAM(u32, constant, 5);
        u64 hits;
        u32 stays = 3;
        SEC("tracepoint/syscalls/sys_enter_getpgid") int nothing(void *ctx) { hits += stays * (constant == 4711); return 0; }
        """;

    private readonly Shell _shell = new();
    private readonly string? _name;

    public MapEntryTests(Programs programs)
    {
        if (new KernelFactAttribute().Skip is null)
        {
            _name = $"entries{Environment.TickCount64}";
            _shell.Objects("Start-BeeProgram $program -Name $name -WarningAction Ignore", ("program", programs.Compile("entries", Source)), ("name", _name));
        }
    }

    [KernelFact]
    public void Global_variables_are_listed_read_and_set()
    {
        Assert.Equal([".bss", ".data", ".rodata"], Strings("(Get-BeeMap).Name -like '.*'").Order());
        Objects("Set-BeeMapEntry .bss @{ hits = 7 }");
        Assert.Equal(["7", "3"], Strings("(Get-BeeMapEntry hits).Value; (Get-BeeMapEntry .data).stays"));
        Assert.Equal("MapEntry.ReadOnly", Id("Set-BeeMapEntry .rodata @{ constant = 1 }"));
    }

    [KernelFact]
    public void Entry_is_set_by_key_and_value_and_shown()
    {
        string[] shown = Show("Set-BeeMapEntry limits -Key @{ pid = 1; comm = 'sh'; port = 80 } -Value @{ rate = 5; action = 'let_drop'; from = '10.0.0.1'; window = '1.5s' } -PassThru");

        Assert.Contains(shown, line => line.Contains("LET_DROP 10.0.0.1", StringComparison.Ordinal) && line.Contains("1.5s", StringComparison.Ordinal));
        Assert.All(shown, line => Assert.InRange(line.Length, 0, 80));
        Assert.Equal(["5"], Strings("Get-BeeMapEntry limits | ForEach-Object rate"));
        Objects("Set-BeeMapEntry limits -Key @{ pid = 1; comm = 'sh'; port = 80 } -Value @{ action = 0 }");
        Assert.Equal(["5 LET_PASS"], Strings("Get-BeeMapEntry limits | ForEach-Object { \"$($_.rate) $($_.action)\" }"));
    }

    [KernelFact]
    public void Invalid_entries_are_errors_and_the_others_are_set()
    {
        ShellResult result = _shell.Run("""
            @{ pid = 1; comm = 'a'; port = 1; rate = 1 }, @{ pid = 2; comm = 'b'; port = 70000; rate = 1 }, @{ pid = 3; com = 'c'; port = 1; rate = 1 }, @{ pid = 4; port = 1; rate = 1 },
                [pscustomobject]@{ Key = @{ pid = 5; comm = 'e'; port = 1 }; Value = @{ rate = 9 } } | Set-BeeMapEntry limits
            """);

        Assert.Equal(["MapEntry.BadKey", "MapEntry.UnknownField", "MapEntry.MissingField"], result.Errors.Select(error => error.FullyQualifiedErrorId.Split(',')[0]));
        Assert.Contains("('comm'?)", $"{result.Errors[1]}", StringComparison.Ordinal);
        Assert.Equal(["1", "5"], Strings("Get-BeeMapEntry limits | ForEach-Object pid").Order());
    }

    [KernelFact]
    public void Entries_are_written_to_the_map_in_their_MapName()
    {
        Objects("0..9 | ForEach-Object { @{ Key = $_; Value = $_ * $_ } } | Set-BeeMapEntry numbers");
        Objects("$all = @(Get-BeeMapEntry numbers); Remove-BeeMapEntry numbers -All; $all | Where-Object Key -lt 5 | Set-BeeMapEntry");

        Assert.Equal(["0", "1", "16", "4", "9"], Strings("Get-BeeMapEntry numbers | ForEach-Object Value").Order());
        Assert.Equal(["16"], Strings("Get-BeeMapEntry numbers | Where-Object Key -eq 4 | Remove-BeeMapEntry -PassThru | ForEach-Object Value"));
        Assert.Equal("MapNameMissing", Id("@{ Key = 1; Value = 1 } | Set-BeeMapEntry"));
    }

    [KernelFact]
    public void Entry_is_read_by_its_key()
    {
        Objects("0..9 | ForEach-Object { @{ Key = $_; Value = $_ * $_ } } | Set-BeeMapEntry numbers; @{ pid = 1; comm = 'a'; port = 1; rate = 8 } | Set-BeeMapEntry limits");

        Assert.Equal(["9", "25"], Strings("Get-BeeMapEntry numbers -Key 3, 5 | ForEach-Object Value"));
        Assert.Equal(["8"], Strings("Get-BeeMapEntry limits -Key @{ pid = 1; comm = 'a'; port = 1 } | ForEach-Object rate"));
        Assert.Equal(["MapEntry.NotFound", "MapEntry.BadKey"], Ids("Get-BeeMapEntry numbers -Key 60, -1"));
    }

    [KernelFact]
    public void WhatIf_changes_nothing()
    {
        Objects("Set-BeeMapEntry numbers -Key 1 -Value 2");
        Objects("Set-BeeMapEntry numbers -Key 1 -Value 3 -WhatIf; Remove-BeeMapEntry numbers -Key 1 -WhatIf; Remove-BeeMapEntry numbers -All -WhatIf; @{ Key = 7; Value = 7 } | Set-BeeMapEntry numbers -Replace -WhatIf");
        Objects("$WhatIfPreference = $true; Set-BeeMapEntry numbers -Key 1 -Value 3");

        Assert.Equal(["2"], Strings("Get-BeeMapEntry numbers | ForEach-Object Value"));
    }

    [KernelFact]
    public void NoClobber_only_creates_and_MustExist_only_changes()
    {
        Objects("Set-BeeMapEntry numbers -Key 1 -Value 2 -NoClobber");

        Assert.Equal("MapEntry.Exists", Id("Set-BeeMapEntry numbers -Key 1 -Value 3 -NoClobber"));
        Assert.Equal("MapEntry.NotFound", Id("Set-BeeMapEntry numbers -Key 2 -Value 3 -MustExist"));
        Assert.Equal("ParametersExclude", Id("Set-BeeMapEntry numbers -Key 1 -Value 3 -NoClobber -MustExist"));
        Assert.Equal(["1=2"], Strings("Get-BeeMapEntry numbers | ForEach-Object { \"$($_.Key)=$($_.Value)\" }"));
    }

    [KernelFact]
    public void Replace_sets_exactly_the_given_entries_or_nothing()
    {
        Objects("0..9 | ForEach-Object { @{ Key = $_; Value = 1 } } | Set-BeeMapEntry numbers");
        Assert.Equal(["MapEntry.BadKey", "NothingReplaced"], Ids("@{ Key = 3; Value = 2 }, @{ Key = -1; Value = 2 } | Set-BeeMapEntry numbers -Replace"));
        Assert.Equal(["NothingReplaced"], Ids("@() | Set-BeeMapEntry numbers -Replace"));
        Assert.Equal(10, Objects("Get-BeeMapEntry numbers").Count);

        Objects("@{ Key = 3; Value = 2 }, @{ Key = 20; Value = 2 } | Set-BeeMapEntry numbers -Replace");
        Assert.Equal(["20=2", "3=2"], Strings("Get-BeeMapEntry numbers | ForEach-Object { \"$($_.Key)=$($_.Value)\" }").Order());
        Objects("Set-BeeMapEntry settings -Key 0 -Value 5; @{ Key = 2; Value = -5 } | Set-BeeMapEntry settings -Replace");
        Assert.Equal(["0", "0", "-5", "0"], Strings("Get-BeeMapEntry settings | ForEach-Object Value"));
    }

    [KernelFact]
    public void Queue_values_are_added_shown_and_removed()
    {
        Assert.Equal(["MapEntry.Full"], Ids("1, 2, 3, 4 | Set-BeeMapEntry jobs"));
        Assert.Equal(["1"], Strings("Get-BeeMapEntry jobs | ForEach-Object Value"));
        Assert.Equal(["1"], Strings("Get-BeeMapEntry jobs | ForEach-Object Value"));
        Assert.Equal(["1", "2"], Strings("Remove-BeeMapEntry jobs -All -Count 2 -PassThru | ForEach-Object Value"));
        Assert.Equal(["3"], Strings("Remove-BeeMapEntry jobs -All -PassThru | ForEach-Object Value"));
        Assert.Equal("MapEntry.BadKey", Id("Set-BeeMapEntry jobs -Key 1 -Value 3"));
    }

    [KernelFact]
    public void Inner_maps_have_names()
    {
        Assert.Equal(["outer/1"], Strings("Get-BeeMap outer/* | ForEach-Object Name"));
        Objects("Set-BeeMapEntry outer/1 -Key 5 -Value 50");
        Assert.Equal(["50"], Strings("Get-BeeMapEntry first | ForEach-Object Value"));
        Assert.Equal(["50"], Strings("Get-BeeMap outer/1 | Get-BeeMapEntry | ForEach-Object Value"));
        Objects("Set-BeeMapEntry outer -Key 3 -Value (Get-BeeMap first)");
        Assert.Equal(["outer/1", "outer/3"], Strings("Get-BeeMap outer/* | ForEach-Object Name"));
        Objects("Remove-BeeMapEntry outer -Key 3");
        Assert.Equal("MapNotFound", Id("Get-BeeMap outer/3"));
    }

    [KernelFact]
    public void Invalid_operation_is_an_error()
    {
        Assert.Equal("MapNotReadable", Id("Get-BeeMapEntry seen"));
        Assert.Contains("Bloom filter", $"{_shell.Error("Get-BeeMapEntry seen")}", StringComparison.Ordinal);
        Objects("5 | Set-BeeMapEntry seen");
        Assert.Equal("MapEntry.Unsupported", Id("Remove-BeeMapEntry settings -Key 1"));
        Assert.Equal("MapEntry.Unsupported", Id("Remove-BeeMapEntry settings -All"));
        Assert.Equal("MapEntry.ReadOnly", Id("Set-BeeMapEntry .rodata -Key 0 -Value @(1)"));
        Assert.Equal("MapEntry.NotFound", Id("Remove-BeeMapEntry numbers -Key 60"));
        Assert.Equal("NotAnEntry", Id("5 | Set-BeeMapEntry numbers"));
        ErrorRecord missing = _shell.Error("Set-BeeMapEntry number -Key 1 -Value 1");
        Assert.Equal((ErrorCategory.ObjectNotFound, true), (missing.CategoryInfo.Category, $"{missing}".Contains("('numbers'?)", StringComparison.Ordinal)));
    }

    [KernelFact]
    public void Map_name_of_two_sessions_needs_Program()
    {
        Objects($"Start-BeeProgram {_program()} -Name {_name}b -WarningAction Ignore");
        try
        {
            Assert.Equal("MapAmbiguous", Id("Set-BeeMapEntry numbers -Key 1 -Value 1"));
            Objects($"Set-BeeMapEntry numbers {_name}b -Key 1 -Value 1; Get-BeeMapEntry numbers {_name}b | Set-BeeMapEntry -Program {_name}");
            Assert.Equal(["1"], Strings($"Get-BeeMapEntry numbers {_name} | ForEach-Object Value"));
            Assert.Equal("MapAmbiguous", Id("Remove-BeeMapEntry numbers -All"));
            Objects($"Remove-BeeMapEntry numbers {_name}b -All");
            Assert.Equal(["1"], Strings("Get-BeeMapEntry numbers | ForEach-Object Value"));
            Assert.Contains("numbers", Strings($"Get-BeeMap {_name}b | ForEach-Object Name"));
        }
        finally
        {
            Objects($"Stop-BeeProgram {_name}b");
        }

        string _program() => $"(Get-BeeProgram {_name}).Image";
    }

    [KernelFact]
    public void Map_from_the_pipeline_ends_with_its_session()
    {
        Objects("Get-BeeMap numbers | Set-BeeMapEntry -Key 1 -Value 2; $map = Get-BeeMap numbers; @{ Key = 2; Value = 3 } | Set-BeeMapEntry -Map $map");
        Assert.Equal(["2"], Strings("@(Get-BeeMapEntry numbers).Count"));

        Assert.Equal("ProgramEnded", Id($"$map = Get-BeeMap numbers; Stop-BeeProgram {_name}; Set-BeeMapEntry -Map $map -Key 1 -Value 2"));
    }

    public void Dispose()
    {
        if (_name is not null)
        {
            _shell.Run($"Stop-BeeProgram {_name}* -Confirm:$false");
        }

        _shell.Dispose();
    }

    private IReadOnlyList<PSObject> Objects(string script) => _shell.Objects(script);

    private string[] Strings(string script) => [.. _shell.Objects(script).Select(item => $"{item}")];

    private string[] Show(string script) => _shell.Show(script);

    private string[] Ids(string script) => [.. _shell.Run(script).Errors.Select(error => error.FullyQualifiedErrorId.Split(',')[0])];

    private string Id(string script) => Assert.Single(Ids(script));
}
