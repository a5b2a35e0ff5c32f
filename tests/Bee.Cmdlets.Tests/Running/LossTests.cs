namespace Bee.Cmdlets.Tests;

[Collection("Bee")]
public sealed class LossTests(Programs programs) : IDisposable
{
    private readonly Shell _shell = new();
    private readonly Load _load = new();

    [KernelFact]
    public void Counted_losses_are_warned_of_once_a_second_at_most()
    {
        Start("counted", Sources.Flood);
        var warnings = new List<string>();
        var watch = System.Diagnostics.Stopwatch.StartNew();
        for (int round = 0; round < 12; round++)
        {
            _load.Do(": < /etc/hostname");
            warnings.AddRange(_shell.Run("Receive-BeeEvent counted").Warnings);
            Thread.Sleep(150);
        }

        Assert.InRange(warnings.Count, 1, (int)watch.Elapsed.TotalSeconds + 1);
        Assert.All(warnings, warning => Assert.Contains("The kernel lost", warning));
        Wait.Until(() => _shell.Objects("(Get-BeeProgram counted).Lost")[0].BaseObject is > 44ul);
        string row = Assert.Single(_shell.Show("Get-BeeProgram counted"), line => line.Contains("counted", StringComparison.Ordinal));
        Assert.EndsWith("98 %", row);
        Assert.InRange(row.Length, 0, 80);
        _shell.Objects("Stop-BeeProgram counted");
    }

    [KernelFact]
    public void Full_ring_without_a_count_is_warned_of_once()
    {
        Start("uncounted", Sources.Flood.Replace("bee_output(print_flood, &seen, sizeof(seen))", "bpf_ringbuf_output(&print_flood, &seen, sizeof(seen), 0)", StringComparison.Ordinal));
        _load.Do(": < /etc/hostname");
        Wait.Until(() => _shell.Objects("(Get-BeeProgram uncounted).Events")[0].BaseObject is > 0L);

        ShellResult first = _shell.Run("Receive-BeeEvent uncounted -Verbose 4>&1");
        Assert.Contains("may be missing", Assert.Single(first.Warnings));
        Assert.Contains(first.Output, line => $"{line}".Contains("lost: not counted, buffer up to 98 % full", StringComparison.Ordinal));
        Assert.Empty(_shell.Run("Receive-BeeEvent uncounted").Warnings);
        Assert.Null(_shell.Objects("(Get-BeeProgram uncounted).Lost")[0]);
        _shell.Objects("Stop-BeeProgram uncounted");
    }

    private void Start(string name, string source) => _shell.Objects(
        "Start-BeeProgram $object -Name $name -Parameter @{ target_pid = $id }",
        ("object", programs.Compile(name, source)),
        ("name", name),
        ("id", _load.Id));

    public void Dispose()
    {
        _load.Dispose();
        _shell.Dispose();
    }
}
