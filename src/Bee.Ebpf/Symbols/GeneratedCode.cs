using System.Globalization;
using System.Text;
using Bee.Ebpf.Interop;
using Bee.Posix;

namespace Bee.Ebpf.Symbols;

/// <summary>
/// The functions that a process generated at run time. The process lists them in /tmp/perf-PID.map for perf and similar tools: lines of
/// <c>address length name</c>, with hexadecimal numbers.
/// </summary>
internal sealed class GeneratedCode
{
    public static readonly GeneratedCode None = new([], []);

    private const long MostBytes = 64 << 20;

    private readonly ulong[] _starts;
    private readonly (ulong Size, string Name)[] _functions;

    private GeneratedCode(ulong[] starts, (ulong Size, string Name)[] functions)
    {
        _starts = starts;
        _functions = functions;
    }

    /// <summary>Reads the list of a process; empty if it does not exist, or if another user owns it.</summary>
    public static GeneratedCode Read(int process)
    {
        try
        {
            // The process names the file by its number in its own pid namespace, the last number in this line.
            var status = RegularFile.ReadLines($"/proc/{process}/status").ToArray();
            var number = Words(status, "NSpid:").LastOrDefault() ?? process.ToString(CultureInfo.InvariantCulture);
            using var file = FileFacts.TryOpen($"/proc/{process}/root/tmp/perf-{number}.map", out var facts);
            if (file is null || facts.Size > MostBytes || !uint.TryParse(Words(status, "Uid:").FirstOrDefault(), out var user) || (facts.Owner != user && facts.Owner != 0))
            {
                return None;
            }

            using var stream = new FileStream(file, FileAccess.Read, bufferSize: 64 << 10);
            using var reader = new StreamReader(stream, Encoding.UTF8);
            return Parse(reader);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return None;
        }
    }

    /// <summary>Returns the function at an address, or null.</summary>
    public (string Name, ulong Offset)? Find(ulong address)
    {
        var index = Array.BinarySearch(_starts, address);
        index = index < 0 ? ~index - 1 : index;
        return index >= 0 && address - _starts[index] < _functions[index].Size ? (_functions[index].Name, address - _starts[index]) : null;
    }

    /// <summary>Parses a list. Lines in another format are ignored.</summary>
    internal static GeneratedCode Parse(TextReader list)
    {
        // If code was generated twice at one address, the last line wins.
        var found = new SortedDictionary<ulong, (ulong, string)>();
        while (list.ReadLine() is { } line)
        {
            var parts = line.Split(' ', 3);
            if (parts.Length == 3 && Hex(parts[0], out var start) && Hex(parts[1], out var size))
            {
                found[start] = (size, parts[2]);
            }
        }

        return new GeneratedCode([.. found.Keys], [.. found.Values]);
    }

    private static IEnumerable<string> Words(string[] status, string name) =>
        status.FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?[name.Length..].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) ?? [];

    private static bool Hex(string text, out ulong value) =>
        ulong.TryParse(text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text[2..] : text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
}
