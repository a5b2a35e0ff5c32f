using System.Diagnostics;
using Bee.Ebpf.Symbols;
using Bee.Ebpf.Tests.Loading;
using StackTrace = Bee.Ebpf.Symbols.StackTrace;

namespace Bee.Ebpf.Tests.Symbols;

/// <summary>Stacks with build ids of a process that has exited when they are read.</summary>
[Collection(KernelFactAttribute.Collection)]
public sealed class EndedProcessTests : IDisposable
{
    private const string Source = """
        #include <stdio.h>
        __attribute__((noinline)) long calls_into_the_kernel(void)
        {
        	long result;
        #ifdef __x86_64__
        	__asm__ volatile("syscall" : "=a"(result) : "a"(121), "D"(0) : "rcx", "r11", "memory");
        #else
        	register long number __asm__("x8") = 155, argument __asm__("x0") = 0;
        	__asm__ volatile("svc 0" : "+r"(argument) : "r"(number) : "memory");
        	result = argument;
        #endif
        	return result;
        }
        int main(void) { for (int c; (c = getchar()) != EOF;) { printf("%ld\n", calls_into_the_kernel()); fflush(stdout); } return 0; }
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("bee-ended-").FullName;

    private string Tool => Path.Combine(_folder, "tool");

    [KernelFact]
    public void Stack_of_an_exited_process_has_names_while_its_file_exists()
    {
        Compile(Source);
        var stack = StackOfEnded();
        Assert.Equal(("calls_into_the_kernel", Tool), (stack[0].Symbol, stack[0].Module));
    }

    [KernelFact]
    public void Stack_of_a_replaced_file_has_no_names_of_the_new_file()
    {
        Compile(Source + "int first_build;");
        var stack = StackOfEnded(() => Compile(Source.Replace("calls_into_the_kernel", "another_name")));
        Assert.NotEqual("another_name", stack[0].Symbol);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Compile(string source)
    {
        File.WriteAllText(Tool + ".c", source);
        File.Delete(Tool);
        Fixture.Run("clang", "-O1", "-fno-omit-frame-pointer", "-Wl,--build-id", Tool + ".c", "-o", Tool);
    }

    private StackTrace StackOfEnded(Action? between = null)
    {
        using var process = Process.Start(new ProcessStartInfo(Tool) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        using var session = BpfSession.Load(Fixture.Object("stacks"), new BpfSessionOptions { Parameters = { ["target_pid"] = process.Id } });
        session.Attach();
        process.StandardInput.Write('x');
        process.StandardInput.Flush();
        Assert.NotNull(process.StandardOutput.ReadLine());
        var id = SeenFiles.Padded(SymbolFiles.Get(Tool, 0, withFunctions: false)!.BuildId)!;
        // The process stays until it was scanned.
        Wait.Until(() => SeenFiles.Find(id) is not null, "the program was not seen");
        process.StandardInput.Close();
        process.WaitForExit();
        between?.Invoke();
        return Assert.IsType<StackTrace>(Assert.Single(session.Maps.Single(m => m.Name == "counter_by_build").Entries()).Get("Stack"));
    }
}
