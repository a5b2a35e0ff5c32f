namespace Bee.Ebpf;

/// <summary>A program of a loaded session.</summary>
public sealed class BpfProgram
{
    /// <summary>The program as the object file describes it.</summary>
    public ProgramDescription Description => throw new NotImplementedException();

    /// <summary>The name in the object file; the kernel cuts names at 15 characters, this one is whole.</summary>
    public string Name => Description.Name;

    /// <summary>The program's type.</summary>
    public ProgramType Type => Description.Type;

    /// <summary>The kernel's id of the program; 0 for an optional program (<c>SEC("?…")</c>), which is not loaded.</summary>
    public int Id => throw new NotImplementedException();

    /// <summary>The kernel's ids of the links that hold it attached; empty before <see cref="BpfSession.Attach"/> and where the kernel has no link object.</summary>
    public IReadOnlyList<int> LinkIds => throw new NotImplementedException();

    /// <summary>Runs the program once in the kernel, for program types that can be (<c>syscall</c> and others).</summary>
    /// <param name="context">The program's context, written back after the run where its type does that; may be empty.</param>
    /// <returns>What the program returned.</returns>
    /// <exception cref="BpfLoadException">The kernel refused.</exception>
    public int Run(Span<byte> context) => throw new NotImplementedException();
}
