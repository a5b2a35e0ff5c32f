using System.Management.Automation;

namespace Bee.Cmdlets.Tests;

/// <summary>The views of records of unusual lengths and of arrays of words.</summary>
[Collection("Bee")]
public sealed class RecordTests : IDisposable
{
    private const string Source = """
        #include "bee.h"
        BEE_LICENSE("GPL");
        BEE_PARAM(pid_t, target_pid, 0);
        BEE_PARAM(u32, length, 48);
        struct ran { u64 number; pid_t pid; char args[32]; u32 last; };
        BEE_RING(print_ran, struct ran, 4096);
        SEC("tracepoint/syscalls/sys_enter_openat")
        int opened(void *ctx)
        {
            struct { struct ran ran; u64 more; } sent = { { 7, 8, "ls\0-l\0/tmp", 9 }, 10 };
            if (!bee_targeted(target_pid))
                return 0;
            sent.ran.pid = bee_pid();
            bpf_ringbuf_output(&print_ran, &sent, length, 0);
            return 0;
        }
        """;

    private readonly Shell _shell = new();
    private readonly TempFolder _folder = new();
    private readonly Load _load = new();

    public RecordTests()
    {
        _folder.Write("ran.bpf.c", Source);
        _folder.Write("bee.yaml", "name: ran\nmaps: { print_ran: { fields: { args: { words: true } } } }\n");
    }

    [KernelFact]
    public void Short_record_is_in_the_same_table_and_marked_as_truncated()
    {
        _load.Repeat(": < /etc/hostname");
        string[] lines = _shell.Show("Invoke-BeeProgram $folder -Parameter @{ target_pid = $id; length = 12 } -MaxEvents 2 -Duration 20 -WarningAction SilentlyContinue", Variables);
        string[] rows = [.. lines.Where(line => line.Length > 0)];
        Assert.StartsWith("number", rows[0].TrimStart(), StringComparison.Ordinal);
        Assert.Equal(4, rows.Length);
        Assert.Equal(["7", $"{_load.Id}"], rows[2].Split(' ', StringSplitOptions.RemoveEmptyEntries));

        ShellResult result = _shell.Run("Invoke-BeeProgram $folder -Parameter @{ target_pid = $id; length = 12 } -MaxEvents 2 -Duration 20 | Where-Object Truncated | ForEach-Object { $_ | ConvertTo-Json -Compress }", Variables);
        Assert.Empty(result.Errors);
        Assert.Equal(2, result.Output.Count);
        Assert.Equal($$"""{"MapName":"print_ran","number":7,"pid":{{_load.Id}},"args":null,"last":null,"Truncated":true}""", $"{result.Output[0]}");
        Assert.Contains("Truncated", Assert.Single(result.Warnings), StringComparison.Ordinal);
    }

    [KernelFact]
    public void Short_record_among_several_streams_is_a_row_of_the_common_table()
    {
        _folder.Write("ran.bpf.c", Source.Replace("BEE_RING(print_ran", "BEE_HASH(counter_other, u32, u64, 4); BEE_RING(print_ran", StringComparison.Ordinal));
        _load.Repeat(": < /etc/hostname");
        string[] lines = _shell.Show("Invoke-BeeProgram $folder -Parameter @{ target_pid = $id; length = 12 } -MaxEvents 1 -Duration 20 -WarningAction SilentlyContinue", Variables);
        Assert.Contains(lines, line => line.StartsWith("print_ran", StringComparison.Ordinal) && line.Contains($"number=7 pid={_load.Id}", StringComparison.Ordinal) && !line.Contains('{', StringComparison.Ordinal));
    }

    [KernelFact]
    public void Received_records_are_truncated_or_have_a_rest()
    {
        foreach ((int length, string text) in new[] { (12, "True,0"), (40, "True,0"), (48, ",0"), (56, ",8") })
        {
            _shell.Objects($"$null = Start-BeeProgram $folder -Name ran -Parameter @{{ target_pid = $id; length = {length} }}", Variables);
            _load.Do(": < /etc/hostname");
            ShellResult result = _shell.Run("Receive-BeeEvent ran -Wait -MaxEvents 1 | ForEach-Object { \"$($_.Truncated),$($_.GetRest().Length)\" }; Stop-BeeProgram ran; Receive-BeeEvent ran -ErrorAction Ignore");
            Assert.Equal((length, text), (length, $"{result.Output[0]}"));
        }
    }

    [KernelFact]
    public void Words_are_a_list_and_shown_joined()
    {
        _load.Repeat(": < /etc/hostname");
        _shell.Objects("$null = Invoke-BeeBuild $folder -Tag ran:v1 -Store $store", Variables);
        foreach (string program in new[] { "$folder", "ran:v1 -Store $store" })
        {
            string run = $"Invoke-BeeProgram {program} -Parameter @{{ target_pid = $id }} -MaxEvents 1 -Duration 20";
            Assert.Contains(_shell.Show(run, Variables), line => line.Contains(" ls -l /tmp", StringComparison.Ordinal));
            Assert.Contains("\"args\":[\"ls\",\"-l\",\"/tmp\"]", $"{_shell.Objects($"{run} | ConvertTo-Json -Compress", Variables)[0]}", StringComparison.Ordinal);
            Assert.Contains("ls\"\",\"\"-l", $"{_shell.Objects($"{run} | ConvertTo-Csv | Select-Object -Last 1", Variables)[0]}", StringComparison.Ordinal);
            Assert.Single(_shell.Objects($"{run} | Where-Object args -contains '-l'", Variables));
            Assert.Equal("6c73002d6c", $"{_shell.Objects($"{run} | ForEach-Object {{ [Convert]::ToHexString($_.GetBytes('args')).ToLower().Substring(0, 10) }}", Variables)[0]}");
        }
    }

    [Fact]
    public void Words_of_a_field_that_is_not_a_char_array_is_an_error_with_its_location()
    {
        _folder.Write("bee.yaml", "name: ran\nmaps:\n  print_ran:\n    fields:\n      pid: { words: true }\n");
        ErrorRecord error = _shell.Error("Invoke-BeeBuild $folder -Tag ran:v1 -Store $store", Variables);
        Assert.Contains("bee.yaml:5:", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("not a char array", error.ToString(), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _shell.Run("Get-BeeProgram | Stop-BeeProgram");
        _load.Dispose();
        _shell.Dispose();
        _folder.Dispose();
    }

    private (string, object?)[] Variables => [("folder", _folder.Path), ("store", _folder["store"]), ("id", _load.Id)];
}
