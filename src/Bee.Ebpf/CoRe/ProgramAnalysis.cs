using System.Buffers.Binary;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Elf;
using Bee.Ebpf.Host;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.CoRe;

/// <summary>The code of an object on a kernel: its relocations, and the instructions that the verifier can reach.</summary>
internal sealed class ProgramAnalysis
{
    private readonly Dictionary<(int Section, int Offset), long> _numbers = [];
    private readonly ObjectFile _file;
    private readonly BoundParameters _parameters;
    private readonly KernelNames _kernel;
    private readonly Reachability _always;
    private readonly Reachability _byDefault;

    /// <param name="file">The object.</param>
    /// <param name="kernel">The kernel.</param>
    /// <param name="parameters">The default values of the object's parameters.</param>
    public ProgramAnalysis(ObjectFile file, TargetKernel kernel, BoundParameters parameters)
    {
        _file = file;
        _parameters = parameters;
        Code = ObjectCode.Read(file);
        _kernel = kernel.Names;
        Settings = new KernelSettings(kernel);
        var resolved = CoreRelocations.Resolve(Code, kernel);
        foreach (var (resolution, result) in resolved.Where(r => r.Resolution.State == CoreState.Resolved))
        {
            _numbers[(result.Section, result.Offset)] = (long)resolution.TargetValue;
        }

        var byDefault = new LoadTimeValues(Number, Setting, IsMissing, Constant);
        _always = new Reachability(Code, byDefault with { Constant = (section, offset, size) => IsParameter(section, offset, size) ? null : Constant(section, offset, size) });
        _byDefault = file.Parameters.Count == 0 ? _always : new Reachability(Code, byDefault);
        Relocations = [.. from r in resolved
                          select r.Result with { IsReached = _always.Contains(r.Result.Section, r.Result.Offset), IsReachedByDefault = _byDefault.Contains(r.Result.Section, r.Result.Offset) }];
    }

    public ObjectCode Code { get; }

    public KernelSettings Settings { get; }

    public IReadOnlyList<RelocationResult> Relocations { get; }

    /// <summary>Returns whether the verifier can reach an instruction with any parameters.</summary>
    public bool IsReached(int section, int offset) => _always.Contains(section, offset);

    /// <summary>Returns whether the verifier can reach an instruction with the default parameters.</summary>
    public bool IsReachedByDefault(int section, int offset) => _byDefault.Contains(section, offset);

    /// <summary>The read of each program's context that ends last, with the default parameters.</summary>
    public IReadOnlyDictionary<string, ContextRead> ContextReads => _byDefault.ContextReads;

    private long? Number(int section, int offset) => _numbers.TryGetValue((section, offset), out var number) ? number : null;

    private long? Setting(string name) =>
        _file.Btf?.Find(Externs.KernelConfig, BtfKind.DataSection) is BtfDataSection section && section.Entries.FirstOrDefault(e => e.Declaration.Name == name)?.Variable is { } variable
            ? Settings.Number(name, variable.Type)
            : null;

    // If this cannot be determined, the name counts as present.
    private bool IsMissing(string name)
    {
        var declaration = _file.Btf?.Find(Externs.KernelSymbols, BtfKind.DataSection) is BtfDataSection section
            ? section.Entries.FirstOrDefault(e => e.Declaration.Name == name)?.Declaration
            : null;
        var essential = CoreNames.Essential(name);
        return declaration switch
        {
            BtfFunction => _kernel.Kernel.Types is not null && !_kernel.Functions.ContainsKey(essential),
            BtfVariable { Type: var type } when type.Resolve() is BtfVoid => _kernel.Symbols?.Contains(essential) == false,
            BtfVariable => _kernel.Kernel.Types is not null && !_kernel.Variables.ContainsKey(essential),
            _ => false,
        };
    }

    // Besides parameters, .rodata contains constants of the compiler, which do not change.
    private bool IsParameter(ElfSection section, long offset, int size) =>
        _file.Parameters.Any(p => p.Section == section.Name && offset < p.Offset + p.Size && p.Offset < offset + size);

    private long? Constant(ElfSection section, long offset, int size)
    {
        var bytes = Code.Elf.Data(section).Span;
        if (size > sizeof(ulong) || offset < 0 || offset + size > bytes.Length)
        {
            return null;
        }

        Span<byte> at = stackalloc byte[size];
        bytes.Slice((int)offset, size).CopyTo(at);
        foreach (var (place, value) in _parameters.Values)
        {
            var from = (int)Math.Max(offset, place.Offset);
            var to = (int)Math.Min(offset + size, place.Offset + value.Length);
            if (place.Section == section.Name && from < to)
            {
                value.AsSpan(from - place.Offset, to - from).CopyTo(at[(int)(from - offset)..]);
            }
        }

        return size switch
        {
            1 => at[0],
            2 => BinaryPrimitives.ReadUInt16LittleEndian(at),
            4 => BinaryPrimitives.ReadUInt32LittleEndian(at),
            8 => BinaryPrimitives.ReadInt64LittleEndian(at),
            _ => null,
        };
    }
}

/// <summary>Values that are known when a program is loaded, before it runs.</summary>
/// <param name="Relocated">Returns the number that a relocation writes into the instruction at an offset of a section, or null.</param>
/// <param name="Setting">Returns the value of a kernel configuration option, or null.</param>
/// <param name="IsMissing">Returns whether the kernel lacks a function or variable; its address is then 0.</param>
/// <param name="Constant">Returns a value of some bytes from a read-only section, or null if it may change before the load.</param>
internal sealed record LoadTimeValues(Func<int, int, long?> Relocated, Func<string, long?> Setting, Func<string, bool> IsMissing, Func<ElfSection, long, int, long?> Constant)
{
    /// <summary>No value is known: both directions of each branch are followed.</summary>
    public static LoadTimeValues None { get; } = new((_, _) => null, _ => null, _ => false, (_, _, _) => null);
}
