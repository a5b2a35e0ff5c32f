using Bee.Packages;
using Bee.VirtualMachine.Kernels;

namespace Bee.VirtualMachine.Machine;

/// <summary>Boots a guest under plain emulation and waits until it powers off.</summary>
internal static class Emulator
{
    /// <summary>The time limit of a guest, below the one of a test that hangs (build/Tests.ps1).</summary>
    public static TimeSpan Limit { get; } = TimeSpan.FromSeconds(Project.Reach is null ? 420 : 1200);

    /// <summary>Runs a guest to its end.</summary>
    /// <param name="kernel">The kernel.</param>
    /// <param name="archive">The root file system.</param>
    /// <param name="folder">Receives the output of the two serial lines: <c>console</c> and <c>results</c>.</param>
    /// <returns>Null if the guest powered off, otherwise the failure.</returns>
    public static string? Run(KernelFiles kernel, string archive, string folder)
    {
        // One processor: a kernel that rewrites its own code (tracepoints, fentry, jump labels) puts int3 there meanwhile, and under emulation with several
        // threads another processor may still run that int3 when the kernel has forgotten it, which is a panic. A second processor saves no time here.
        string[] arguments =
        [
            // timeout(1) ends the guest even if the tests are killed.
            "--kill-after=5", $"{Limit.TotalSeconds:f0}", Requirements.Qemu!,
            "-machine", "pc", "-accel", "tcg", "-cpu", "max", "-smp", "1", "-m", "1536",
            "-no-user-config", "-nodefaults", "-display", "none", "-no-reboot",
            "-kernel", kernel.Image, "-initrd", archive, "-append", CommandLine,
            "-serial", $"file:{Path.Combine(folder, "console")}", "-serial", $"file:{Path.Combine(folder, "results")}",
        ];
        ChildResult result = Child.Run("timeout", arguments, Limit + TimeSpan.FromSeconds(20), folder);
        return result.ExitCode switch
        {
            0 => null,
            124 or 137 => $"the guest did not end within {Limit.TotalSeconds:n0} seconds",
            _ => $"qemu failed: {result.LastWords}",
        };
    }

    // bpf among the security modules lets lsm programs attach. A kernel that panics resets at once, and -no-reboot makes that the end.
    private const string CommandLine = "console=ttyS0 quiet panic=-1 oops=panic mitigations=off lsm=landlock,lockdown,yama,bpf rdinit=/init";
}
