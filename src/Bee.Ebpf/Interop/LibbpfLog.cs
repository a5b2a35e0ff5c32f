using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Bee.Posix;

namespace Bee.Ebpf.Interop;

/// <summary>
/// What libbpf says while one call chain runs. libbpf has one print function for the process and calls it on the thread that made
/// the call, so a thread's open capture gets exactly its own lines, however many sessions load at once.
/// </summary>
internal sealed unsafe class LibbpfLog
{
    // A va_list is handed over as a pointer on x86-64 (an array of one 24-byte struct) and on arm64 (a 32-byte struct, by reference);
    // formatting consumes it, so a second pass needs a copy of that struct.
    private const int VaListSize = 32;
    private const int FirstTry = 4096;

    [ThreadStatic]
    private static LibbpfLog? s_current;

    private readonly StringBuilder _text = new();
    private readonly Action<string>? _each;

    private LibbpfLog(Action<string>? each) => _each = each;

    /// <summary>Everything captured so far, debug lines left out.</summary>
    public string Text => _text.ToString();

    /// <summary>Sets the process-wide print function. Called once, when the library is loaded.</summary>
    public static void Install(nint library)
    {
        var setPrint = (delegate* unmanaged<nint, nint>)NativeLibrary.GetExport(library, "libbpf_set_print");
        setPrint((nint)(delegate* unmanaged<int, byte*, void*, int>)&Print);
    }

    /// <summary>Captures this thread's lines until the scope is disposed; <paramref name="each"/> gets every line, debug lines too.</summary>
    public static Scope Capture(Action<string>? each) => new(new LibbpfLog(each));

    [UnmanagedCallersOnly]
    private static int Print(int level, byte* format, void* arguments)
    {
        // An exception must not cross into C, and none of this is worth ending the process for.
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
        // A verifier log arrives as one message of any size.
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

    /// <summary>An open capture; disposing it gives the thread back to the capture around it.</summary>
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
