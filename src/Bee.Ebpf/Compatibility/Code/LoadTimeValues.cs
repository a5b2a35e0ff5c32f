namespace Bee.Ebpf;

/// <summary>What is known when a program is loaded, before it runs.</summary>
/// <param name="Relocated">The number that a relocation puts into the instruction at a place of a section, or null.</param>
/// <param name="Setting">The value of a kernel setting by its name, or null.</param>
/// <param name="IsMissing">Whether the kernel lacks the function or variable of a name; its address is 0 then.</param>
/// <param name="Constant">The value of so many bytes of a read-only section, or null where it may be changed before loading.</param>
internal sealed record LoadTimeValues(Func<int, int, long?> Relocated, Func<string, long?> Setting, Func<string, bool> IsMissing, Func<ElfSection, long, int, long?> Constant);
