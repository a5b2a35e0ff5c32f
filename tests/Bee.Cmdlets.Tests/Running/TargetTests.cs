using System.Diagnostics;
using System.Management.Automation;

namespace Bee.Cmdlets.Tests;

/// <summary>Functions of a program of the test, found by path.</summary>
[Collection("Bee")]
public sealed class TargetTests(Programs programs) : IDisposable
{
    private const string Tool = """
        #include <stdio.h>
        __attribute__((noinline)) int step(int value) { __asm__ volatile(""); return value + 1; }
        __attribute__((noinline)) int method(int value) __asm__("pkg.(*Server).Handle");
        int method(int value) { __asm__ volatile(""); return value + 2; }
        __attribute__((noinline)) int other(int value) __asm__("pkg.(*HTTPServer).Handle");
        int other(int value) { __asm__ volatile(""); return value + 3; }
        int main(void) { for (int c, n = 0; (c = getchar()) != EOF;) { n += step(2) + method(1) + other(1); printf("%d\n", n); fflush(stdout); } return 0; }
        """;

    private readonly Shell _shell = new();
    private readonly TempFolder _folder = new();
    private Process? _tool;

    [KernelTheory]
    [InlineData("./bin/tool:step")]
    [InlineData("bin/tool:step")]
    [InlineData("bin/../bin/tool:st*")]
    [InlineData("bin/tool:pkg.(*Server).Handle")]
    [InlineData("bin/tool:step,./bin/tool:step")]
    public void AttachTo_path_is_relative_to_the_current_location(string target) => Assert.Equal(1, Seen(programs.Compile("target", Program("uprobe/x:y")), _folder.Path, $"@{{ program = '{target}' }}"));

    [KernelFact]
    public void Section_path_is_relative_to_the_current_location() => Assert.Equal(1, Seen(programs.Compile("relative", Program("uprobe/./tool:step")), _folder["bin"], null));

    [KernelFact]
    public void Test_BeeImage_resolves_paths_and_symbols_as_a_run_does()
    {
        Start();
        foreach (string target in new[] { "./tool:step", "./tool:pkg.(*Server).Handle", "./tool:pkg.(*)*" })
        {
            IReadOnlyList<PSObject> found = _shell.Objects(
                "Set-Location $location; Test-BeeImage $program | Where-Object Name -eq AttachTargets | ForEach-Object { \"$($_.State)\" }",
                ("location", _folder["bin"]), ("program", programs.Compile("checked", Program($"uprobe/{target}"))));
            Assert.Equal("Ok", $"{Assert.Single(found)}");
        }
    }

    [KernelFact]
    public void Manifest_path_is_relative_to_its_folder()
    {
        _folder.Write("source/tool.bpf.c", Program("uprobe/x:y"));
        _folder.Write("source/bee.yaml", "programs:\n  program:\n    attach: ../bin/tool:step\n");
        Assert.Equal(1, Seen(_folder["source"], "/", null));
        Assert.Equal(1, Seen(_folder["source"], _folder.Path, "@{ program = './bin/tool:step' }"));
    }

    [KernelFact]
    public void AttachTo_a_file_that_the_process_has_not_mapped_warns()
    {
        Start();
        ShellResult result = _shell.Run(
            "Invoke-BeeProgram $program -ProcessId $id -AttachTo @{ program = 'libbpf.so.1:bpf_map__name' } -Duration 0.05",
            ("program", programs.Compile("target", Program("uprobe/x:y"))), ("id", _tool!.Id));

        Assert.Empty(result.Errors);
        Assert.Contains("has not mapped", Assert.Single(result.Warnings), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _tool?.Kill();
        _tool?.WaitForExit();
        _tool?.Dispose();
        _shell.Dispose();
        _folder.Dispose();
    }

    private static string Program(string section) => Sources.Program(section, "u32 one = 1; bee_output(print_events, &one, sizeof(one)); return 0;");

    // Returns the number of events of one step of the tool.
    private int Seen(string program, string location, string? attachTo)
    {
        Start();
        string target = attachTo is null ? "" : $"-AttachTo {attachTo}";
        _shell.Objects($"Set-Location $location; $null = Start-BeeProgram $program -Name target -ProcessId $id {target}", ("program", program), ("location", location), ("id", _tool!.Id));
        try
        {
            _tool.StandardInput.Write('x');
            _tool.StandardInput.Flush();
            Assert.NotNull(_tool.StandardOutput.ReadLine());
            // Stopping reads the remaining events, so a second event of the same step would be counted.
            return Convert.ToInt32(_shell.Objects("$p = Get-BeeProgram target; $null = Receive-BeeEvent target -Wait -MaxEvents 1; Stop-BeeProgram target; $p.Events")[0].BaseObject, System.Globalization.CultureInfo.InvariantCulture);
        }
        finally
        {
            _shell.Run("Get-BeeProgram | Stop-BeeProgram");
        }
    }

    private void Start()
    {
        if (_tool is not null)
        {
            return;
        }

        string source = _folder.Write("bin/tool.c", Tool);
        using (var clang = Process.Start("clang", ["-O2", source, "-o", _folder["bin/tool"]]))
        {
            clang.WaitForExit();
        }

        _tool = Process.Start(new ProcessStartInfo(_folder["bin/tool"]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        // When it answers, it is running and has mapped all files.
        _tool.StandardInput.Write('x');
        _tool.StandardInput.Flush();
        Assert.NotNull(_tool.StandardOutput.ReadLine());
    }
}
