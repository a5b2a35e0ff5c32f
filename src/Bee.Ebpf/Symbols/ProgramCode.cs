using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Symbols;

/// <summary>
/// Names the functions of programs that this process has loaded. /proc/kallsyms lists them only where net.core.bpf_jit_kallsyms is on, and a list that was read before a program was
/// loaded lacks it: the nearest symbol below would be taken for its name.
/// </summary>
internal static class LoadedCode
{
    private static readonly object s_gate = new();

    // By address. Replaced as a whole, so that readers need no lock.
    private static volatile Function[] s_functions = [];

    /// <summary>Notes the functions of programs. They stay when the programs are unloaded: names are asked for later. Functions that the kernel places over them take their place.</summary>
    public static void Note(IEnumerable<(int Id, string Name)> programs)
    {
        var added = new List<Function>();
        foreach (var program in programs)
        {
            if (ProgramCode.Of(program.Id) is { } code)
            {
                // As the kernel names it, so that the frame is known as one of the tracing itself.
                added.AddRange(code.Functions.Select(function => new Function(function, $"bpf_prog_{code.Tag}_{program.Name}")));
            }
        }

        lock (s_gate)
        {
            s_functions = [.. s_functions.Where(old => !added.Exists(function => function.Code.Overlaps(old.Code))).Concat(added).OrderBy(function => function.Code.Start)];
        }
    }

    /// <summary>The function at an address; null for code that is not a program of this process.</summary>
    public static (string Name, ulong Address)? Find(ulong address)
    {
        var functions = s_functions;
        var (low, high) = (0, functions.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = functions[middle].Code.Start <= address ? (middle + 1, high) : (low, middle);
        }

        return low > 0 && functions[low - 1] is var found && found.Code.Holds(address) ? (found.Name, found.Code.Start) : null;
    }

    private readonly record struct Function(CompiledFunction Code, string Name);
}

/// <summary>A function of a loaded program as the kernel's compiler made it.</summary>
/// <param name="Start">The address of its first instruction.</param>
/// <param name="Length">How many bytes it has.</param>
internal readonly record struct CompiledFunction(ulong Start, uint Length)
{
    /// <summary>Whether an address, also one that a call returns to, lies in the function.</summary>
    public bool Holds(ulong address) => address >= Start && address - Start <= Length;

    /// <summary>Whether two functions share addresses.</summary>
    public bool Overlaps(CompiledFunction other) => Start < other.Start + other.Length && other.Start < Start + Length;
}

/// <summary>Where the machine code of a loaded program is.</summary>
/// <param name="Tag">The kernel's digest of the program's instructions, as 16 digits.</param>
/// <param name="Functions">Its functions, the program's own first. Empty where the kernel interprets the program or hides addresses from this process.</param>
internal sealed unsafe record ProgramCode(string Tag, IReadOnlyList<CompiledFunction> Functions)
{
    // bpf_prog_info in include/uapi/linux/bpf.h: places of tag, nr_jited_ksyms, nr_jited_func_lens and the two arrays.
    private const int TagAt = 8, TagSize = 8, AddressCount = 104, LengthCount = 108, Addresses = 112, Lengths = 120, Size = 128;

    /// <summary>Asks the kernel for a program; null where it has unloaded the program or does not tell.</summary>
    /// <param name="id">The kernel's id of the program.</param>
    public static ProgramCode? Of(int id)
    {
        var number = LibbpfCalls.bpf_prog_get_fd_by_id((uint)id);
        if (number < 0)
        {
            return null;
        }

        using var fd = new FdHandle(number);
        Span<byte> info = stackalloc byte[Size];
        info.Clear();
        fixed (byte* start = info)
        {
            if (!Ask(number, start))
            {
                return null;
            }

            var tag = Convert.ToHexString(info.Slice(TagAt, TagSize)).ToLowerInvariant();
            var count = (int)Math.Min(*(uint*)(start + AddressCount), *(uint*)(start + LengthCount));
            var addresses = new ulong[count];
            var lengths = new uint[count];
            fixed (ulong* first = addresses)
            fixed (uint* firstLength = lengths)
            {
                info.Clear();
                *(uint*)(start + AddressCount) = *(uint*)(start + LengthCount) = (uint)count;
                *(ulong*)(start + Addresses) = (ulong)first;
                *(ulong*)(start + Lengths) = (ulong)firstLength;
                if (count == 0 || !Ask(number, start))
                {
                    return new ProgramCode(tag, []);
                }
            }

            return new ProgramCode(tag, [.. addresses.Zip(lengths, (address, length) => new CompiledFunction(address, length)).Where(function => function is { Start: not 0, Length: not 0 })]);
        }
    }

    private static bool Ask(int fd, byte* info)
    {
        uint size = Size;
        return LibbpfCalls.bpf_obj_get_info_by_fd(fd, info, &size) == 0;
    }
}
