using System.Globalization;
using System.Text;
using Bee.Posix;

namespace Bee.Ebpf.Symbols;

/// <summary>
/// The functions of the running kernel and its modules, from /proc/kallsyms. The list is read on first use (about
/// ten milliseconds), and again after modules were loaded or unloaded.
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

    // Sorted by address. The names are concatenated in one byte array.
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

    /// <summary>Why names of kernel functions are not available to this process, as a sentence with a remedy; null if they are.</summary>
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
                return $"Names of kernel functions are not available: {KernelSymbolReader.ListPath} cannot be read ({e.Message}).";
            }
        }
    }

    /// <summary>Returns the current list.</summary>
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

    /// <summary>Reads a whole list.</summary>
    /// <exception cref="IOException">The list cannot be read.</exception>
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

    /// <summary>Returns the function at an address: the nearest one that begins at or before it.</summary>
    internal (string Name, ulong Address, string Module)? Find(ulong address)
    {
        var index = Array.BinarySearch(_addresses, address);
        index = index < 0 ? ~index - 1 : index;
        if (index < 0)
        {
            return null;
        }

        // Of several names for one address, choose always the same: a readable one, without leading underscores.
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
        // The list groups symbols by module.
        var name = module.IsEmpty ? Kernel : Encoding.UTF8.GetString(module);
        var index = modules[^1] == name ? modules.Count - 1 : modules.IndexOf(name);
        if (index >= 0 || modules.Count > ushort.MaxValue)
        {
            return Math.Max(0, index);
        }

        modules.Add(name);
        return modules.Count - 1;
    }

    // Without a list, frames have no names.
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

    /// <summary>Returns why all addresses are 0, for a value of the sysctl kernel.kptr_restrict.</summary>
    internal static string Hidden(string? restrict) => restrict == "2"
        ? "Names of kernel functions are not available: the sysctl kernel.kptr_restrict is 2, which hides kernel addresses from all processes. Set it to 1 or 0 (sysctl -w kernel.kptr_restrict=1)."
        : "Names of kernel functions are not available: the kernel hides their addresses from this process"
            + (restrict is null ? "" : $" (the sysctl kernel.kptr_restrict is {restrict})") + ". Run as root, or give the process CAP_SYSLOG.";

    /// <summary>Returns whether a list shows addresses; null if it contains no functions. The first function decides, because the kernel shows all addresses or none. Per-CPU
    /// symbols, which often come first, have small offsets in place of addresses, and 0 among them.</summary>
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
/// Reads the kernel's list of symbols sequentially: lines of <c>address type name</c>, and after a tab the module in brackets. Lines in another
/// format are ignored. The list has more than 100,000 symbols, so names stay bytes until a caller needs them.
/// </summary>
internal sealed class KernelSymbolReader(Stream list) : IDisposable
{
    /// <summary>The path of the running kernel's list.</summary>
    public const string ListPath = "/proc/kallsyms";

    // The kernel's longest name has 511 bytes.
    private readonly byte[] _buffer = new byte[16 << 10];
    private int _start;
    private int _end;
    private bool _isAtEnd;
    private ReadOnlyMemory<byte> _name;
    private ReadOnlyMemory<byte> _module;

    /// <summary>The address; 0 if the kernel hides it from this process.</summary>
    public ulong Address { get; private set; }

    /// <summary>The type letter, as in nm(1); lower case for local symbols.</summary>
    public char Type { get; private set; }

    /// <summary>Whether the symbol is code and not weak.</summary>
    public bool IsCode => Type is 't' or 'T';

    /// <summary>The name in UTF-8, valid until the next call of <see cref="Read"/>.</summary>
    public ReadOnlySpan<byte> Name => _name.Span;

    /// <summary>The module's name in UTF-8, valid until the next call of <see cref="Read"/>; empty for the kernel itself.</summary>
    public ReadOnlySpan<byte> Module => _module.Span;

    /// <summary>Opens a list.</summary>
    /// <exception cref="IOException">The list does not exist, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not read the list.</exception>
    public static KernelSymbolReader Open(string path = ListPath) => new(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0));

    /// <summary>Advances to the next symbol.</summary>
    /// <returns>False at the end of the list.</returns>
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
        // A line longer than the buffer cannot be a symbol.
        var kept = _end - _start < _buffer.Length ? _end - _start : 0;
        _buffer.AsSpan(_start, kept).CopyTo(_buffer);
        var read = list.Read(_buffer.AsSpan(kept));
        (_start, _end, _isAtEnd) = (0, kept + read, read == 0);
    }
}
