using Bee.Ebpf.Events;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Records;
using Bee.Ebpf.Symbols;
using Bee.Ebpf.Tests.Loading;

namespace Bee.Ebpf.Tests.Symbols;

[Collection(KernelFactAttribute.Collection)]
public class StackTests
{
    [KernelFact]
    public void Events_have_their_stacks_by_name()
    {
        var e = Calling(-1, out var session);
        using (session)
        {
            var kernel = Assert.IsType<StackTrace>(e.Get("kernel_stack"));
            var user = Assert.IsType<StackTrace>(e.Get("user_stack"));

            Assert.Equal(default, kernel.Error);
            Assert.Contains(kernel, frame => frame.Symbol is "do_syscall_64" or "el0_svc_common" or "invoke_syscall" && frame is { IsKernel: true, Module: "kernel", Offset: > 0 });
            Assert.All(kernel, frame => Assert.NotNull(frame.Symbol));
            var call = user[0];
            Assert.Contains("getpgid", call.Symbol, StringComparison.Ordinal);
            Assert.EndsWith("libc.so.6", call.Module, StringComparison.Ordinal);
            Assert.False(call.IsKernel);
            Assert.StartsWith("getpgid+0x", call.ToString().TrimStart('_'), StringComparison.Ordinal);
            Assert.EndsWith(";" + call.Symbol, user.ToString(), StringComparison.Ordinal);
            Assert.Equal(0, user.CompareTo(user));
            Assert.True(user.Id >= 0);
            Assert.Contains("user_stack", e.ToString(), StringComparison.Ordinal);
        }
    }

    [KernelFact]
    public void Frame_of_a_loaded_program_has_a_name_if_kallsyms_lacks_it()
    {
        // A list that was read before the load does not contain the program, as if net.core.bpf_jit_kallsyms were off.
        KernelSymbols.Current();
        using var session = Calls.Load(Fixture.Object("stacks"));
        var program = session.Programs[0];
        var code = ProgramCode.Of(program.Id)!;
        var function = code.Functions[0];

        var name = KernelFrames.Instance.Find(function.Start + 8, isCaller: false);

        Assert.Equal(new FrameName($"bpf_prog_{code.Tag}_{program.Name}", 8, "bpf", null), name);
        Assert.NotEqual(name.Symbol, KernelFrames.Instance.Find(function.Start - 0x100000, isCaller: false).Symbol);
    }

    [KernelFact]
    public void An_error_in_place_of_an_id_says_which()
    {
        var e = Calling(-999, out var session);
        using (session)
        {
            var none = Assert.IsType<StackTrace>(e.Get("user_stack"));

            Assert.Empty(none);
            Assert.Equal(Errno.EFAULT, none.Error);
            Assert.Equal("[EFAULT]", none.ToString());
        }
    }

    [KernelFact]
    public void Entries_keep_the_id_and_show_the_stack_beside()
    {
        Calling(-1, out var session);
        using (session)
        {
            var entry = Assert.Single(session.Maps.Single(m => m.Name == "counter_by_stack").Entries());
            var stack = Assert.IsType<StackTrace>(entry.Get("user_stack_id"));

            Assert.Contains("getpgid", stack[0].Symbol, StringComparison.Ordinal);
            Assert.IsType<int>(((BpfEvent)entry.Get("Key")!).Get("user_stack_id"));
        }
    }

    [KernelFact]
    public void Stacks_by_build_id_are_found_without_a_process()
    {
        Calling(-1, out var session);
        using (session)
        {
            var entry = Assert.Single(session.Maps.Single(m => m.Name == "counter_by_build").Entries());
            var stack = Assert.IsType<StackTrace>(entry.Get("Stack"));
            var whole = session.Maps.Single(m => m.Name == "build").Entries().Select(e => (StackTrace)e.Get("Value")!).ToList();

            Assert.IsType<int>(entry.Get("Key"));
            Assert.Equal(40, stack[0].BuildId!.Length);
            Assert.Contains("getpgid", stack[0].Symbol, StringComparison.Ordinal);
            Assert.EndsWith("libc.so.6", stack[0].Module, StringComparison.Ordinal);
            Assert.Contains(whole, trace => trace.Count > 0 && trace[0].BuildId == stack[0].BuildId);
        }
    }

    [KernelFact]
    public void A_stack_map_read_by_itself_has_the_kernels_names()
    {
        Calling(-1, out var session);
        using (session)
        {
            var map = session.Maps.Single(m => m.Name == "stacks");
            var entries = map.Entries().ToList();

            Assert.Equal(2, entries.Count);
            Assert.Equal(2, map.Count());
            Assert.Contains(entries, e => ((StackTrace)e.Get("Value")!).Any(frame => frame is { IsKernel: true, Symbol: not null }));
            Assert.Contains(entries, e => ((StackTrace)e.Get("Value")!).All(frame => frame is { IsKernel: false, Address: > 0 }));
        }
    }

    private static BpfEvent Calling(int argument, out BpfSession session)
    {
        session = Calls.Load(Fixture.Object("stacks"));
        using var reader = session.OpenReader(new EventReaderOptions { Select = m => m.Name == "print_calls" });
        session.Attach();
        Calls.GetProcessGroup(argument);
        var sink = new CollectingSink { OnEvent = _ => false };
        reader.Run(sink, CancellationToken.None, TimeSpan.FromSeconds(5));
        return Assert.Single(sink.Events);
    }
}
