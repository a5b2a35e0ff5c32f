using System.Buffers.Binary;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Elf;
using Bee.Ebpf.Host;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.CoRe;

/// <summary>An object's code on a kernel: its relocations, and which instructions the verifier can come to.</summary>
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
    /// <param name="parameters">The object's parameters when nobody sets them.</param>
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

    /// <summary>Whether the verifier can come to an instruction, whatever the parameters are.</summary>
    public bool IsReached(int section, int offset) => _always.Contains(section, offset);

    /// <summary>Whether it can with the parameters as the author set them.</summary>
    public bool IsReachedByDefault(int section, int offset) => _byDefault.Contains(section, offset);

    /// <summary>Of each program the read of its context that ends last, with the parameters as the author set them.</summary>
    public IReadOnlyDictionary<string, ContextRead> ContextReads => _byDefault.ContextReads;

    private long? Number(int section, int offset) => _numbers.TryGetValue((section, offset), out var number) ? number : null;

    private long? Setting(string name) =>
        _file.Btf?.Find(Externs.KernelConfig, BtfKind.DataSection) is BtfDataSection section && section.Entries.FirstOrDefault(e => e.Declaration.Name == name)?.Variable is { } variable
            ? Settings.Number(name, variable.Type)
            : null;

    // Where nothing can be told, the name counts as there.
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

    // Beside parameters, .rodata holds constants of the compiler, which nobody changes.
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

/// <summary>What is known when a program is loaded, before it runs.</summary>
/// <param name="Relocated">The number that a relocation puts into the instruction at a place of a section, or null.</param>
/// <param name="Setting">The value of a kernel setting by its name, or null.</param>
/// <param name="IsMissing">Whether the kernel lacks the function or variable of a name; its address is 0 then.</param>
/// <param name="Constant">The value of so many bytes of a read-only section, or null where it may be changed before loading.</param>
internal sealed record LoadTimeValues(Func<int, int, long?> Relocated, Func<string, long?> Setting, Func<string, bool> IsMissing, Func<ElfSection, long, int, long?> Constant)
{
    /// <summary>Nothing is known: both ways of each branch count.</summary>
    public static LoadTimeValues None { get; } = new((_, _) => null, _ => null, _ => false, (_, _, _) => null);
}
