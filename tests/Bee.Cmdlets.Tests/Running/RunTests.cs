using System.Diagnostics;
using System.Management.Automation;

namespace Bee.Cmdlets.Tests;

[Collection("Bee")]
public sealed class RunTests(Programs programs) : IDisposable
{
    private readonly Shell _shell = new();
    private readonly Load _load = new();

    [KernelFact]
    public void Image_streams_typed_events_of_the_target_process()
    {
        _load.Repeat("/bin/true with arguments");

        IReadOnlyList<PSObject> events = Objects("Invoke-BeeProgram test/execsnoop:v1 -Store $store -Parameter @{ target_pid = $id } -MaxEvents 4 -Duration 20");

        Assert.Equal(4, events.Count);
        PSObject first = events.First(e => Equal(e, "comm", "true"));
        Assert.Equal(_load.Id, Convert.ToInt32(first.Properties["parent_pid"].Value));
        Assert.Equal("/bin/true with arguments", first.Properties["args"].Value);
        Assert.True(DateTime.Now - (DateTime)PSObject.AsPSObject(first.Properties["at"].Value).BaseObject < TimeSpan.FromMinutes(1));
        Assert.Equal("Bee.Ebpf.Records.BpfEvent", BaseTypes(first).First(type => type.IsPublic && type.IsAbstract).FullName);
    }

    [KernelFact]
    public void Object_file_source_and_image_from_the_pipeline_all_run()
    {
        _load.Repeat("/bin/true");

        foreach (string script in new[]
        {
            $"Invoke-BeeProgram '{programs.Execsnoop}'",
            $"Invoke-BeeProgram '{BeeModule.File("examples", "execsnoop", "execsnoop.bpf.c")}'",
            $"'{programs.Execsnoop}' | Invoke-BeeProgram",
            "Get-BeeImage test/execsnoop:v1 -Store $store | Invoke-BeeProgram",
        })
        {
            Assert.Single(Objects($"{script} -Parameter @{{ target_pid = $id }} -MaxEvents 1 -Duration 20"));
        }
    }

    [KernelFact]
    public void Duration_ends_a_run_without_events()
    {
        var watch = Stopwatch.StartNew();

        Assert.Empty(Objects($"Invoke-BeeProgram '{programs.Execsnoop}' -Parameter @{{ target_pid = $id }} -Duration 500ms"));
        Assert.True(watch.Elapsed.TotalSeconds >= 0.5);
    }

    [KernelFact]
    public void Entries_are_returned_only_when_they_change()
    {
        using PowerShell pipeline = _shell.Pipeline($"Invoke-BeeProgram '{programs.Calls}' -Parameter @{{ target_pid = $id }} -Map counter_calls -Interval 50ms -MaxEvents 2", Variables());
        var output = new PSDataCollection<PSObject>();
        IAsyncResult running = pipeline.BeginInvoke<PSObject, PSObject>(null, output);
        WaitForPrograms();
        _load.Do(": < /etc/hostname");
        Wait.Until(() => output.Count >= 1);
        // Several intervals without a change.
        Thread.Sleep(300);
        Assert.True(output.Count == 1, $"{output.Count} entries");
        _load.Do(": < /etc/hostname");
        pipeline.EndInvoke(running);

        Assert.Empty(pipeline.Streams.Error);
        PSObject[] entries = [.. output.ReadAll()];
        Assert.Equal([1UL, 2UL], entries.Select(entry => Convert.ToUInt64(entry.Properties["Value"].Value)));
        PSObject last = entries[^1];
        Assert.Equal("counter_calls", last.Properties["MapName"].Value);
        Assert.Equal(_load.Id, Convert.ToInt32(last.Properties["pid"].Value));
        Assert.Equal("sh", last.Properties["comm"].Value);
    }

    [KernelFact]
    public void Entries_that_changed_after_the_last_interval_are_returned_at_the_end()
    {
        using PowerShell pipeline = _shell.Pipeline($"Invoke-BeeProgram '{programs.Calls}' -Parameter @{{ target_pid = $id }} -Map counter_calls -Interval 1h -Duration 2", Variables());
        var output = new PSDataCollection<PSObject>();
        IAsyncResult running = pipeline.BeginInvoke<PSObject, PSObject>(null, output);
        WaitForPrograms();
        _load.Do(": < /etc/hostname");
        pipeline.EndInvoke(running);

        Assert.Equal(1UL, Convert.ToUInt64(Assert.Single(output.ReadAll()).Properties["Value"].Value));
    }

    [KernelFact]
    public void All_returns_every_entry_at_every_interval()
    {
        // Nothing changes, so without -All the entries would be returned only once.
        Assert.Equal(12, Objects($"Invoke-BeeProgram '{programs.Calls}' -Parameter @{{ target_pid = $id }} -Map gauge_last -All -Interval 50ms -MaxEvents 12").Count);
    }

    [KernelFact]
    public void Map_selects_streams_by_wildcard_and_any_readable_map_by_name()
    {
        _load.Repeat(": < /etc/hostname");

        Assert.Equal(["counter_calls", "counter_cpu"], Maps("counter_*"));
        Assert.Equal(["print_seen"], Maps("print_seen"));
        // The kernel truncates the name to 15 characters; the object file has the full name.
        Assert.Equal(["quiet_with_a_name_longer_than_the_kernel_keeps"], Maps("quiet_with_a_name_longer_than_the_kernel_keeps"));

        string[] Maps(string map) =>
        [
            .. Objects($"Invoke-BeeProgram '{programs.Calls}' -Parameter @{{ target_pid = $id }} -Map '{map}' -Interval 100ms -Duration 1")
                .Select(e => e.Properties["MapName"] is { } name ? $"{name.Value}" : "print_seen").Distinct().Order(StringComparer.Ordinal),
        ];
    }

    [KernelFact]
    public void Unknown_parameter_error_lists_the_parameters()
    {
        ErrorRecord error = _shell.Error($"Invoke-BeeProgram '{programs.Calls}' -Parameter @{{ target_pit = 1 }}");

        Assert.StartsWith("ParameterNotFound,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("target_pid", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("small", error.ToString(), StringComparison.Ordinal);
    }

    [KernelTheory]
    [InlineData("small = 256", "255")]
    [InlineData("small = -1", "0")]
    [InlineData("small = 'many'", "small")]
    [InlineData("target_pid = 5000000000", "target_pid")]
    public void Invalid_parameter_value_error_has_type_or_range(string parameter, string said)
    {
        ErrorRecord error = _shell.Error($"Invoke-BeeProgram '{programs.Calls}' -Parameter @{{ {parameter} }}");

        Assert.StartsWith("BadParameter,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.InvalidArgument, error.CategoryInfo.Category);
        Assert.Contains(said, error.ToString(), StringComparison.Ordinal);
    }

    [KernelFact]
    public void Invalid_input_does_not_stop_the_next()
    {
        _load.Repeat("/bin/true");

        ShellResult result = _shell.Run($"'/nowhere/x.o', '{programs.Execsnoop}' | Invoke-BeeProgram -Parameter @{{ target_pid = $id }} -MaxEvents 1 -Duration 20", Variables());

        Assert.Equal("/nowhere/x.o", Assert.Single(result.Errors).TargetObject);
        Assert.Single(result.Output);
    }

    private static bool Equal(PSObject item, string property, object value) => Equals(item.Properties[property].Value, value);

    private static IEnumerable<Type> BaseTypes(PSObject item)
    {
        for (Type? type = item.BaseObject.GetType(); type is not null; type = type.BaseType)
        {
            yield return type;
        }
    }

    private static void WaitForPrograms() => Wait.Until(() => Kernel.Held().Links.Count > 0);

    private (string, object?)[] Variables() => [("store", programs.Store), ("id", _load.Id)];

    private IReadOnlyList<PSObject> Objects(string script) => _shell.Objects(script, Variables());

    public void Dispose()
    {
        _load.Dispose();
        _shell.Dispose();
    }
}
