using System.Globalization;

namespace Bee.Ebpf;

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
