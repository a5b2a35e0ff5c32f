namespace Bee.Ebpf;

/// <summary>What a kind of program attaches to.</summary>
public enum AttachTarget
{
    /// <summary>Nothing that has a name: samples of a clock, or run on request.</summary>
    None,

    /// <summary>A tracepoint, as <c>category/name</c>; the name may hold wildcards (<c>syscalls/sys_enter_open*</c>).</summary>
    Tracepoint,

    /// <summary>A tracepoint by its name alone, as <c>sched_switch</c>.</summary>
    RawTracepoint,

    /// <summary>A function of the kernel. Kprobes also take <c>function+offset</c>; the multi and session kinds take wildcards.</summary>
    KernelFunction,

    /// <summary>A system call, by its name without a prefix: <c>openat</c>.</summary>
    SystemCall,

    /// <summary>A function of a program or library, as <c>path:function</c>; the multi and session kinds take wildcards in the function.</summary>
    UserFunction,

    /// <summary>A static probe (USDT) of a program or library, as <c>path:provider:name</c>.</summary>
    UserProbe,

    /// <summary>A hook of the Linux security modules, such as <c>file_open</c>.</summary>
    SecurityHook,

    /// <summary>What an iterator goes over, such as <c>task</c>.</summary>
    Iterator,

    /// <summary>A network interface. Sections do not name one: it is given when the program is run.</summary>
    Interface,

    /// <summary>A control group (v2). Sections do not name one: it is given when the program is run.</summary>
    Cgroup,

    /// <summary>A network namespace. Sections do not name one: it is given when the program is run.</summary>
    NetworkNamespace,
}
