using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Bee.Posix;

namespace Bee.Ebpf.Interop;

/// <summary>
/// Captures libbpf's log on one thread. libbpf has one print function per process and calls it on the thread that called libbpf, so a capture receives
/// only the lines of its own thread.
/// </summary>
internal sealed unsafe class LibbpfLog
{
    // A va_list is passed as a pointer on x86-64 (an array of one 24-byte struct) and on arm64 (a 32-byte struct, by reference).
    // Formatting consumes it, so a second pass needs a copy.
    private const int VaListSize = 32;
    private const int FirstTry = 4096;

    [ThreadStatic]
    private static LibbpfLog? s_current;

    private readonly StringBuilder _text = new();
    private readonly Action<string>? _each;

    private LibbpfLog(Action<string>? each) => _each = each;

    /// <summary>The captured text, without debug lines.</summary>
    public string Text => _text.ToString();

    /// <summary>Sets the process-wide print function, once when the library is loaded.</summary>
    public static void Install(nint library)
    {
        var setPrint = (delegate* unmanaged<nint, nint>)NativeLibrary.GetExport(library, "libbpf_set_print");
        setPrint((nint)(delegate* unmanaged<int, byte*, void*, int>)&Print);
    }

    /// <summary>Captures the lines of this thread until the scope is disposed. <paramref name="each"/> receives every line, including debug lines.</summary>
    public static Scope Capture(Action<string>? each) => new(new LibbpfLog(each));

    [UnmanagedCallersOnly]
    private static int Print(int level, byte* format, void* arguments)
    {
        // An exception must not propagate into native code.
        try
        {
            return s_current?.Take(level, format, arguments) ?? 0;
        }
        catch (Exception)
        {
            return 0;
        }
    }

    private int Take(int level, byte* format, void* arguments)
    {
        const int Debug = 2;
        if (level == Debug && _each is null)
            return 0;
        var copy = stackalloc byte[VaListSize];
        Unsafe.CopyBlockUnaligned(copy, arguments, VaListSize);
        var small = stackalloc byte[FirstTry];
        var length = Format(small, FirstTry, format, arguments);
        if (length < FirstTry)
            return Add(level, new ReadOnlySpan<byte>(small, Math.Max(length, 0)));
        // A verifier log is one message of any size.
        var large = (byte*)NativeMemory.Alloc((nuint)length + 1);
        try
        {
            Format(large, length + 1, format, copy);
            return Add(level, new ReadOnlySpan<byte>(large, length));
        }
        finally
        {
            NativeMemory.Free(large);
        }
    }

    private int Add(int level, ReadOnlySpan<byte> bytes)
    {
        const int Debug = 2;
        var message = Encoding.UTF8.GetString(bytes);
        if (level != Debug)
            _text.Append(message);
        if (_each is not null)
        {
            foreach (var line in message.Split('\n', StringSplitOptions.RemoveEmptyEntries))
                _each(line);
        }

        return bytes.Length;
    }

    private static int Format(byte* buffer, int size, byte* format, void* arguments) => Libc.vsnprintf(buffer, (nuint)size, format, arguments);

    /// <summary>An open capture. Disposing it restores the outer capture.</summary>
    public readonly struct Scope : IDisposable
    {
        private readonly LibbpfLog? _outer;

        public Scope(LibbpfLog log)
        {
            Log = log;
            _outer = s_current;
            s_current = log;
        }

        public LibbpfLog Log { get; }

        public void Dispose() => s_current = _outer;
    }
}
