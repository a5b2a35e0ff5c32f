using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Symbols;

/// <summary>
/// Names the functions of BPF programs that this process has loaded. /proc/kallsyms lists them only if net.core.bpf_jit_kallsyms is on, and a list that was read before
/// the load does not contain them: the nearest symbol below would give a wrong name.
/// </summary>
internal static class LoadedCode
{
    private static readonly object s_gate = new();

    // Sorted by address. The array is replaced as a whole, so readers need no lock.
    private static volatile Function[] s_functions = [];

    /// <summary>Adds the functions of programs. They stay after the programs are unloaded, because names are looked up later, until the kernel places other functions there.</summary>
    public static void Note(IEnumerable<(int Id, string Name)> programs)
    {
        var added = new List<Function>();
        foreach (var program in programs)
        {
            if (ProgramCode.Of(program.Id) is { } code)
            {
                // The kernel's own form of the name, by which frames of the tracing itself are recognized.
                added.AddRange(code.Functions.Select(function => new Function(function, $"bpf_prog_{code.Tag}_{program.Name}")));
            }
        }

        lock (s_gate)
        {
            s_functions = [.. s_functions.Where(old => !added.Exists(function => function.Code.Overlaps(old.Code))).Concat(added).OrderBy(function => function.Code.Start)];
        }
    }

    /// <summary>Returns the function at an address; null if no program of this process contains it.</summary>
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

/// <summary>A function of a loaded program, as the kernel's JIT compiled it.</summary>
/// <param name="Start">The address of its first instruction.</param>
/// <param name="Length">The length in bytes.</param>
internal readonly record struct CompiledFunction(ulong Start, uint Length)
{
    /// <summary>Returns whether an address lies in the function. A return address directly after it counts.</summary>
    public bool Holds(ulong address) => address >= Start && address - Start <= Length;

    /// <summary>Returns whether two functions overlap.</summary>
    public bool Overlaps(CompiledFunction other) => Start < other.Start + other.Length && other.Start < Start + Length;
}

/// <summary>The machine code of a loaded program.</summary>
/// <param name="Tag">The kernel's digest of the program's instructions, as 16 hexadecimal digits.</param>
/// <param name="Functions">The functions, the program's own first. Empty if the kernel interprets the program, or hides addresses from this process.</param>
internal sealed unsafe record ProgramCode(string Tag, IReadOnlyList<CompiledFunction> Functions)
{
    // Offsets in bpf_prog_info (include/uapi/linux/bpf.h): tag, nr_jited_ksyms, nr_jited_func_lens and the two arrays.
    private const int TagAt = 8, TagSize = 8, AddressCount = 104, LengthCount = 108, Addresses = 112, Lengths = 120, Size = 128;

    /// <summary>Asks the kernel for a program's code; null if the program is unloaded or the kernel refuses.</summary>
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
