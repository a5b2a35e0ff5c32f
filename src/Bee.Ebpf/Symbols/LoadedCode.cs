namespace Bee.Ebpf;

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
