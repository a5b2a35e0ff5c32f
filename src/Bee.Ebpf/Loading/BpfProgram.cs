namespace Bee.Ebpf;

/// <summary>A program of a loaded session.</summary>
public sealed class BpfProgram
{
    private readonly ObjectHandle _owner;

    internal BpfProgram(ObjectHandle owner, nint pointer, ProgramDescription description)
    {
        _owner = owner;
        Pointer = pointer;
        Description = description;
        Descriptor = LibbpfCalls.ProgramDescriptor(pointer);
        Id = Descriptor >= 0 ? KernelIds.Of(Descriptor) : 0;
    }

    /// <summary>The program as the object file describes it.</summary>
    public ProgramDescription Description { get; }

    /// <summary>The name in the object file; the kernel cuts names at 15 characters, this one is whole.</summary>
    public string Name => Description.Name;

    /// <summary>The program's type.</summary>
    public ProgramType Type => Description.Type;

    /// <summary>The kernel's id of the program; 0 for an optional program (<c>SEC("?…")</c>), which is not loaded.</summary>
    public int Id { get; }

    /// <summary>The kernel's ids of the links that hold it attached; empty before <see cref="BpfSession.Attach"/>, and where the kernel has no link object.</summary>
    public IReadOnlyList<int> LinkIds { get; private set; } = [];

    /// <summary>libbpf's <c>bpf_program</c>; valid while the owner is open.</summary>
    internal nint Pointer { get; }

    internal int Descriptor { get; }

    internal bool IsLoaded => Descriptor >= 0;

    /// <summary>Runs the program once in the kernel, for program types that can be (<c>syscall</c> and others).</summary>
    /// <param name="context">The program's context, written back after the run where its type does that; may be empty.</param>
    /// <returns>What the program returned.</returns>
    /// <exception cref="ObjectDisposedException">The session has been disposed of.</exception>
    /// <exception cref="BpfLoadException">The kernel refused.</exception>
    public unsafe int Run(Span<byte> context)
    {
        using var hold = new Hold(_owner);
        fixed (byte* bytes = context)
        {
            var options = new LibbpfCalls.TestRunOptions
            {
                Size = (nuint)sizeof(LibbpfCalls.TestRunOptions),
                ContextIn = bytes,
                ContextSizeIn = (uint)context.Length,
            };
            var result = LibbpfCalls.TestRun(Descriptor, &options);
            return result == 0
                ? (int)options.ReturnValue
                : throw new BpfLoadException(
                    result == -Libc.EPERM ? LoadFault.NoPermission : LoadFault.Other,
                    $"The kernel does not run program '{Name}' ({Description.SectionName}) on request: {Libc.Describe(-result)}.")
                {
                    Program = Name,
                    Errno = -result,
                };
        }
    }

    internal void AddLink(LinkHandle link)
    {
        if (LibbpfCalls.LinkDescriptor(link) is >= 0 and var descriptor && KernelIds.Of(descriptor) is not 0 and var id)
        {
            // A new list each time: another thread may be reading the old one.
            LinkIds = [.. LinkIds, id];
        }
    }

    internal void ForgetLinks() => LinkIds = [];
}
