using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Bee.Ebpf.Mutation;

/// <summary>
/// The child process. It writes 2 after loading libbpf, then reads objects from standard input, each after its length (4 bytes). It opens and closes each one with
/// libbpf, and writes 1 if libbpf accepted it, 0 if not. The parent detects a crash by the exit.
/// </summary>
internal static unsafe partial class Worker
{
    public const byte Ready = 2;

    private const int ReadWrite = 3;
    private const int PrivateAnonymous = 0x22;

    public static int Run()
    {
        NativeLibrary.SetDllImportResolver(typeof(Worker).Assembly, Resolve);
        SetPrint(0);
        using var input = new BufferedStream(Console.OpenStandardInput(), 1 << 16);
        using var output = Console.OpenStandardOutput();
        output.WriteByte(Ready);
        output.Flush();
        var length = new byte[4];
        while (input.ReadAtLeast(length, 4, throwOnEndOfStream: false) == 4)
        {
            var file = new byte[BinaryPrimitives.ReadInt32LittleEndian(length)];
            input.ReadExactly(file);
            output.WriteByte(Open(file) ? (byte)1 : (byte)0);
            output.Flush();
        }

        return 0;
    }

    // The object ends at an inaccessible page, so reading past its end always crashes.
    private static bool Open(byte[] file)
    {
        var page = (nuint)Environment.SystemPageSize;
        var body = ((nuint)file.Length + page - 1) / page * page;
        var memory = Map(null, body + page, ReadWrite, PrivateAnonymous, -1, 0);
        if ((nint)memory == -1 || Protect(memory + body, page, 0) != 0)
        {
            throw new InvalidOperationException("The memory for a file could not be mapped.");
        }

        try
        {
            var start = memory + body - (nuint)file.Length;
            file.CopyTo(new Span<byte>(start, file.Length));
            var handle = OpenMemory(start, (nuint)file.Length, 0);
            if (handle == 0)
            {
                return false;
            }

            Close(handle);
            return true;
        }
        finally
        {
            Unmap(memory, body + page);
        }
    }

    private static nint Resolve(string name, System.Reflection.Assembly assembly, DllImportSearchPath? path) =>
        name == "bpf" ? NativeLibrary.Load(Environment.GetEnvironmentVariable("BEE_LIBBPF") is { Length: > 0 } file ? file : "libbpf.so.1") : 0;

    [LibraryImport("bpf", EntryPoint = "libbpf_set_print")]
    private static partial nint SetPrint(nint function);

    [LibraryImport("bpf", EntryPoint = "bpf_object__open_mem")]
    private static partial nint OpenMemory(byte* data, nuint length, nint options);

    [LibraryImport("bpf", EntryPoint = "bpf_object__close")]
    private static partial void Close(nint handle);

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial byte* Map(void* address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(void* address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(void* address, nuint length);
}
