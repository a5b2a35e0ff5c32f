namespace Bee.Cmdlets.Tests;

[Collection("Alone")]
public sealed class LeakTests(Programs programs)
{
    [KernelFact]
    public void Many_starts_and_stops_leak_nothing()
    {
        using var shell = new Shell();
        using var load = new Load();
        load.Repeat(": < /etc/hostname");
        (string, object?)[] variables = [("program", programs.Calls), ("id", load.Id)];
        const string InTheBackground = "$running = Start-BeeProgram $program -Parameter @{ target_pid = $id }; $running.Programs.Id; Stop-BeeProgram $running";
        const string InTheForeground = "Invoke-BeeProgram $program -Parameter @{ target_pid = $id } -Map print_* -MaxEvents 1 | Out-Null";

        // The first rounds create permanent state: emitted types, the runtime's own threads and files.
        for (int round = 0; round < 3; round++)
        {
            shell.Objects(InTheBackground, variables);
            shell.Objects(InTheForeground, variables);
        }

        WaitUntilNothingIsHeld();
        int descriptors = Kernel.OpenDescriptors();
        int threads = Kernel.Threads();
        var programIds = new HashSet<uint>();
        int rounds = FullRun.Times(quick: 10, full: 25);
        for (int round = 0; round < rounds; round++)
        {
            programIds.UnionWith(shell.Objects(InTheBackground, variables).Select(id => Convert.ToUInt32(id.BaseObject)));
            shell.Objects(InTheForeground, variables);
        }

        WaitUntilNothingIsHeld();
        Wait.Until(() => Kernel.OpenDescriptors() <= descriptors + 3, () => $"{Kernel.OpenDescriptors()} fds are open, {descriptors} were");
        // The runtime adds and removes pool threads at any time. A leaked thread in each round would still stand out.
        Assert.InRange(Kernel.Threads(), 0, threads + 8);
        Assert.Equal(rounds, programIds.Count);
        Kernel.AssertGone(new KernelIds(programIds, []));
    }

    // The recorder of containers is closed on another thread, a moment after the last session.
    private static void WaitUntilNothingIsHeld()
    {
        KernelIds held = new([], []);
        Wait.Until(() => (held = Kernel.Held()).Count == 0, () => $"this process holds programs {string.Join(", ", held.Programs)} and links {string.Join(", ", held.Links)}");
    }
}
