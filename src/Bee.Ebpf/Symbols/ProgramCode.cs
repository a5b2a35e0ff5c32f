namespace Bee.Ebpf;

/// <summary>A function of a loaded program as the kernel's compiler made it.</summary>
/// <param name="Start">The address of its first instruction.</param>
/// <param name="Length">How many bytes it has.</param>
internal readonly record struct CompiledFunction(ulong Start, uint Length)
{
    /// <summary>Whether an address, also one that a call returns to, lies in the function.</summary>
    public bool Holds(ulong address) => address >= Start && address - Start <= Length;
}

/// <summary>Where the machine code of loaded programs is.</summary>
internal static unsafe class ProgramCode
{
    // bpf_prog_info in include/uapi/linux/bpf.h: places of nr_jited_ksyms, nr_jited_func_lens and the two arrays.
    private const int AddressCount = 104, LengthCount = 108, Addresses = 112, Lengths = 120, Size = 128;

    /// <summary>Returns a program's functions, its own first. Empty where the kernel interprets the program, hides addresses from this process, or has unloaded the program.</summary>
    /// <param name="id">The kernel's id of the program.</param>
    public static IReadOnlyList<CompiledFunction> Of(int id)
    {
        var number = LibbpfCalls.ProgramById((uint)id);
        if (number < 0)
        {
            return [];
        }

        using var descriptor = new DescriptorHandle(number);
        Span<byte> info = stackalloc byte[Size];
        info.Clear();
        fixed (byte* start = info)
        {
            if (!Ask(number, start))
            {
                return [];
            }

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
                    return [];
                }
            }

            return [.. addresses.Zip(lengths, (address, length) => new CompiledFunction(address, length)).Where(function => function is { Start: not 0, Length: not 0 })];
        }
    }

    private static bool Ask(int descriptor, byte* info)
    {
        uint size = Size;
        return LibbpfCalls.ObjectInfo(descriptor, info, &size) == 0;
    }
}
