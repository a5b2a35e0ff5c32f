using System.Globalization;
using System.Text;
using Bee.Posix;

namespace Bee.Ebpf.Symbols;

/// <summary>
/// The functions of the running kernel and its modules, as /proc/kallsyms lists them. The list is read when the first name is asked for (some
/// ten milliseconds) and again when modules have come or gone.
/// </summary>
internal sealed class KernelSymbols
{
    internal const string Kernel = "kernel";

    private const string ModulesPath = "/proc/modules";
    private const int LookAgainMilliseconds = 1000;

    private static readonly object s_gate = new();
    private static KernelSymbols? s_current;
    private static string s_modules = "";
    private static long s_looked;

    // Sorted by address; names stand in one array of bytes, one behind the other.
    private readonly ulong[] _addresses;
    private readonly (int Name, ushort Length, ushort Module)[] _symbols;
    private readonly byte[] _names;
    private readonly string[] _modules;

    private KernelSymbols(ulong[] addresses, (int, ushort, ushort)[] symbols, byte[] names, string[] modules)
    {
        _addresses = addresses;
        _symbols = symbols;
        _names = names;
        _modules = modules;
    }

    /// <summary>Why this process gets no names of kernel functions, as a sentence with what to do about it; null when it does.</summary>
    public static string? Problem
    {
        get
        {
            try
            {
                using var list = KernelSymbolReader.Open();
                return ShowsAddresses(list) == false ? Hidden(Restriction()) : null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return $"Functions of the kernel have no names here: {KernelSymbolReader.ListPath} cannot be read ({e.Message}).";
            }
        }
    }

    /// <summary>The list as it is now.</summary>
    internal static KernelSymbols Current()
    {
        lock (s_gate)
        {
            if (s_current is not null && Environment.TickCount64 - s_looked < LookAgainMilliseconds)
            {
                return s_current;
            }

            var modules = ReadModules();
            if (s_current is null || modules != s_modules)
            {
                s_current = ReadSymbols();
                s_modules = modules;
            }

            s_looked = Environment.TickCount64;
            return s_current;
        }
    }

    /// <summary>Reads a list to its end.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    internal static KernelSymbols Read(KernelSymbolReader list)
    {
        var addresses = new List<ulong>();
        var symbols = new List<(int, ushort, ushort)>();
        var names = new MemoryStream();
        var modules = new List<string> { Kernel };
        while (list.Read())
        {
            if (list.Address != 0 && (list.IsCode || list.Type is 'w' or 'W'))
            {
                addresses.Add(list.Address);
                symbols.Add(((int)names.Length, (ushort)list.Name.Length, (ushort)ModuleIndex(modules, list.Module)));
                names.Write(list.Name);
            }
        }

        var keys = addresses.ToArray();
        var items = symbols.ToArray();
        Array.Sort(keys, items);
        return new KernelSymbols(keys, items, names.ToArray(), [.. modules]);
    }

    /// <summary>The function at an address: the nearest that begins at or before it.</summary>
    internal (string Name, ulong Address, string Module)? Find(ulong address)
    {
        var index = Array.BinarySearch(_addresses, address);
        index = index < 0 ? ~index - 1 : index;
        if (index < 0)
        {
            return null;
        }

        // Of several names for one place always the same: one that is meant for people, without underscores in front.
        var best = index;
        for (var other = index - 1; other >= 0 && _addresses[other] == _addresses[index]; other--)
        {
            best = Underscores(other) <= Underscores(best) ? other : best;
        }

        var (name, length, module) = _symbols[best];
        return (Encoding.UTF8.GetString(_names, name, length), _addresses[best], _modules[module]);
    }

    private int Underscores(int index)
    {
        var name = _names.AsSpan(_symbols[index].Name, _symbols[index].Length);
        return name.Length - name.TrimStart((byte)'_').Length;
    }

    private static int ModuleIndex(List<string> modules, ReadOnlySpan<byte> module)
    {
        // The list has a module's symbols one after the other.
        var name = module.IsEmpty ? Kernel : Encoding.UTF8.GetString(module);
        var index = modules[^1] == name ? modules.Count - 1 : modules.IndexOf(name);
        if (index >= 0 || modules.Count > ushort.MaxValue)
        {
            return Math.Max(0, index);
        }

        modules.Add(name);
        return modules.Count - 1;
    }

    // Without a list there are no names.
    private static KernelSymbols ReadSymbols()
    {
        try
        {
            using var list = KernelSymbolReader.Open();
            return Read(list);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new KernelSymbols([], [], [], [Kernel]);
        }
    }

    private static string ReadModules()
    {
        try
        {
            return RegularFile.ReadAllText(ModulesPath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static string? Restriction()
    {
        try
        {
            return RegularFile.ReadAllText("/proc/sys/kernel/kptr_restrict").Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Why all addresses are 0, for a value of the sysctl kernel.kptr_restrict.</summary>
    internal static string Hidden(string? restrict) => restrict == "2"
        ? "Functions of the kernel have no names here: the sysctl kernel.kptr_restrict is 2, which hides their addresses from everybody. Set it to 1 or 0 (sysctl -w kernel.kptr_restrict=1)."
        : "Functions of the kernel have no names here: this process may not see their addresses"
            + (restrict is null ? "" : $" (the sysctl kernel.kptr_restrict is {restrict})") + ". Run as root, or give the process CAP_SYSLOG.";

    /// <summary>Whether a list shows addresses; null for one without functions. Its first function tells: the kernel shows all or none, but what each CPU has a copy of,
    /// and often stands first, has small numbers for addresses, and 0 among them.</summary>
    /// <exception cref="IOException">The list cannot be read.</exception>
    internal static bool? ShowsAddresses(KernelSymbolReader list)
    {
        while (list.Read())
        {
            if (list.IsCode)
            {
                return list.Address != 0;
            }
        }

        return null;
    }
}

/// <summary>
/// Reads the kernel's list of its symbols, one after the other: lines of <c>address type name</c>, and behind a tab the module in brackets. Lines of another
/// form are passed over. The list has more than a hundred thousand, so what is not wanted is never made a string.
/// </summary>
internal sealed class KernelSymbolReader(Stream list) : IDisposable
{
    /// <summary>Where the running kernel has its list.</summary>
    public const string ListPath = "/proc/kallsyms";

    // The kernel's longest name has 511 bytes.
    private readonly byte[] _buffer = new byte[16 << 10];
    private int _start;
    private int _end;
    private bool _isAtEnd;
    private ReadOnlyMemory<byte> _name;
    private ReadOnlyMemory<byte> _module;

    /// <summary>The address; 0 where the kernel hides it from this process.</summary>
    public ulong Address { get; private set; }

    /// <summary>The type's letter as nm has it, a small one for local symbols.</summary>
    public char Type { get; private set; }

    /// <summary>Whether the symbol is code that is not weak.</summary>
    public bool IsCode => Type is 't' or 'T';

    /// <summary>The name in UTF-8, valid until the next is read.</summary>
    public ReadOnlySpan<byte> Name => _name.Span;

    /// <summary>The module's name in UTF-8, valid until the next symbol is read; empty for the kernel itself.</summary>
    public ReadOnlySpan<byte> Module => _module.Span;

    /// <summary>Opens a list.</summary>
    /// <exception cref="IOException">There is none, or it cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read it.</exception>
    public static KernelSymbolReader Open(string path = ListPath) => new(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0));

    /// <summary>Goes on to the next symbol.</summary>
    /// <returns>False when there is no more.</returns>
    /// <exception cref="IOException">The list cannot be read.</exception>
    public bool Read()
    {
        while (TryLine(out var line))
        {
            var text = line.Span;
            var space = text.IndexOf((byte)' ');
            if (space > 0 && text.Length > space + 3 && ulong.TryParse(text[..space], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var address))
            {
                Address = address;
                Type = (char)text[space + 1];
                (_name, _module) = Parts(line[(space + 3)..]);
                return true;
            }
        }

        return false;
    }

    public void Dispose() => list.Dispose();

    private static (ReadOnlyMemory<byte> Name, ReadOnlyMemory<byte> Module) Parts(ReadOnlyMemory<byte> text)
    {
        var tab = text.Span.IndexOf((byte)'\t');
        return tab < 0 ? (text, default) : (text[..tab], text[(tab + 1)..].Trim("[] \r"u8));
    }

    private bool TryLine(out ReadOnlyMemory<byte> line)
    {
        while (true)
        {
            var rest = _buffer.AsMemory(_start, _end - _start);
            var length = rest.Span.IndexOf((byte)'\n');
            if (length >= 0 || _isAtEnd)
            {
                line = length < 0 ? rest : rest[..length];
                _start = length < 0 ? _end : _start + length + 1;
                return rest.Length > 0;
            }

            Fill();
        }
    }

    private void Fill()
    {
        // What fills the buffer without an end is no line of such a list.
        var kept = _end - _start < _buffer.Length ? _end - _start : 0;
        _buffer.AsSpan(_start, kept).CopyTo(_buffer);
        var read = list.Read(_buffer.AsSpan(kept));
        (_start, _end, _isAtEnd) = (0, kept + read, read == 0);
    }
}
