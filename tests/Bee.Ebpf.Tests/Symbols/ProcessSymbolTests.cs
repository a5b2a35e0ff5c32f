using System.Diagnostics;
using System.Globalization;
using Bee.Ebpf.Symbols;
using Bee.Ebpf.Tests.Loading;

namespace Bee.Ebpf.Tests.Symbols;

/// <summary>Names in processes that the test starts: a program prints the address of its function, and waits.</summary>
public sealed class ProcessSymbolTests : IDisposable
{
    private const string Source = """
        #include <stdio.h>
        #include <unistd.h>
        int named_function(int n) { return n * 3; }
        int main(void) { printf("%lx\n", (unsigned long)&named_function); fflush(stdout); pause(); return named_function(1); }
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("bee-process-").FullName;
    private readonly List<Process> _started = [];

    [ClangFact]
    public void Wherever_the_program_is_loaded()
    {
        foreach (var how in new[] { new[] { "-no-pie" }, ["-pie", "-fPIE"] })
        {
            var (process, address) = Start(Compile(how));
            var frames = new UserFrames(ProcessMappings.Read(process)!);

            Assert.Equal(("named_function", 0ul), (frames.Find(address, false).Symbol, frames.Find(address, false).Offset));
            Assert.Equal(Path.Combine(_folder, "program"), frames.Find(address, false).Module);
            // A return address belongs to the call before it.
            Assert.NotEqual("named_function", frames.Find(address, true).Symbol);
            Assert.Equal(("named_function", 1ul), (frames.Find(address + 1, true).Symbol, frames.Find(address + 1, true).Offset));
            Assert.Equal(FrameName.Unknown, frames.Find(0x1000, false));
        }
    }

    [ClangFact]
    public void When_the_file_has_been_deleted_or_exchanged()
    {
        var program = Compile("-pie", "-fPIE");
        var (process, address) = Start(program);
        File.Delete(program);
        File.Copy("/bin/true", program);
        var found = new UserFrames(ProcessMappings.Read(process)!).Find(address, false);

        Assert.Equal(program, found.Module);
        Assert.Equal(Environment.IsPrivilegedProcess ? "named_function" : null, found.Symbol);
    }

    [ClangFact]
    public void When_the_process_has_ended()
    {
        var (process, address) = Start(Compile("-pie", "-fPIE"));
        var mappings = ProcessMappings.Read(process)!;
        Stop();

        Assert.Null(ProcessMappings.Read(process));
        Assert.Equal("named_function", new UserFrames(mappings).Find(address, false).Symbol);
    }

    [KernelFact]
    public void In_another_mount_namespace()
    {
        var program = Compile("-pie", "-fPIE");
        var (process, address) = Start("unshare", "--mount", "sh", "-c", $"mount -t tmpfs none /mnt && cp {program} /mnt/elsewhere && exec /mnt/elsewhere");
        Assert.False(File.Exists("/mnt/elsewhere"));
        var found = new UserFrames(ProcessMappings.Read(process)!).Find(address, false);

        Assert.Equal(("named_function", "/mnt/elsewhere"), (found.Symbol, found.Module));
    }

    [ClangFact]
    public void By_build_id_among_all_processes()
    {
        var program = Compile("-pie", "-fPIE", "-Wl,--build-id=0x" + Guid.NewGuid().ToString("N") + "01020304");
        var (process, address) = Start(program);
        var mapping = ProcessMappings.Read(process)!.Find(address)!;
        var id = SymbolFiles.Get(program, 0, withFunctions: false)!.BuildId!;
        var place = address - mapping.Start + mapping.Offset;
        var found = new BuildIdFrame(id, place, ProcessMappings.Read(process)).Find(0, false);

        Assert.Equal(40, id.Length);
        Assert.Equal(("named_function", program), (found.Symbol, found.Module));
        Assert.Null(new BuildIdFrame(new string('e', 40), place, null).Find(0, false).Module);
    }

    [Fact]
    public void Lines_of_mappings_are_read_as_the_kernel_writes_them()
    {
        var mappings = ProcessMappings.Parse([
            "55d0c0000000-55d0c0001000 r--p 00000000 08:01 42 /usr/bin/a b (deleted)",
            "55d0c0001000-55d0c0002000 r-xp 00001000 08:01 42                         /usr/bin/a b (deleted)",
            "7ffd12340000-7ffd12342000 r-xp 00000000 00:00 0                          [vdso]",
            "7f0000000000-7f0000001000 rwxp 00000000 00:00 0 ",
            "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]",
            "", "x", "1-2 r-xp", "zz-2 r-xp 0 0 0 x", "10-20 r-xp 0 00:00 99999999999999999999999 /x",
        ]);

        Assert.Equal(4, mappings.Length);
        Assert.Equal(("/usr/bin/a b", 0x1000ul, 42ul, true), (mappings[0].FilePath, mappings[0].Offset, mappings[0].Inode, mappings[0].IsFile));
        Assert.Equal(["", "[vdso]", "[vsyscall]"], mappings[1..].Select(m => m.Path));
    }

    [Fact]
    public void Generated_code_has_the_names_that_its_maker_wrote()
    {
        var code = GeneratedCode.Parse(new StringReader("7f0000001000 20 int Main::Run(a, b)\n7f0000002000 10 old\n7f0000002000 10 new\nno line\n7f00000030 zz x\n0x7f0000004000 0x8 hex\n"));

        Assert.Equal(("int Main::Run(a, b)", 0x1ful), code.Find(0x7f000000101f));
        Assert.Null(code.Find(0x7f0000001020));
        Assert.Equal("new", code.Find(0x7f0000002000)?.Name);
        Assert.Equal("hex", code.Find(0x7f0000004007)?.Name);
        Assert.Null(code.Find(0));
    }

    [ClangFact]
    public void Generated_code_is_searched_in_the_mount_namespace_of_the_process()
    {
        var (process, _) = Start(Compile("-pie", "-fPIE"));
        var list = $"/tmp/perf-{process}.map";
        File.WriteAllText(list, "5000 100 made\n");
        try
        {
            Assert.Equal(("made", 0x10ul), GeneratedCode.Read(process).Find(0x5010));
        }
        finally
        {
            File.Delete(list);
        }

        Assert.Null(GeneratedCode.Read(process).Find(0x5010));
    }

    public void Dispose()
    {
        Stop();
        Directory.Delete(_folder, recursive: true);
    }

    private string Compile(params string[] how)
    {
        var source = Path.Combine(_folder, "program.c");
        File.WriteAllText(source, Source);
        Fixture.Run("clang", [.. how, "-O1", source, "-o", Path.Combine(_folder, "program")]);
        return Path.Combine(_folder, "program");
    }

    private (int Process, ulong Address) Start(string program, params string[] arguments)
    {
        var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        _started.Add(process);
        return (process.Id, ulong.Parse(process.StandardOutput.ReadLine()!, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
    }

    private void Stop()
    {
        foreach (var process in _started)
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }

        _started.Clear();
    }
}
