using System.Runtime.InteropServices;
using System.Text;
using Bee.Ebpf.Interop;

namespace Bee.Ebpf;

/// <summary>
/// Buffers for what the verifier says of programs. libbpf's own buffer grows until a log fits and runs the verifier again each time, which for a
/// program that is too complex takes a minute and a gigabyte. These have a fixed size: from Linux 6.4 on they keep a log's end, before its beginning.
/// </summary>
internal sealed unsafe class VerifierLogs : IDisposable
{
    /// <summary>The log level that gives the verdict and what it counted (BPF_LOG_STATS): it costs nothing while a program loads.</summary>
    public const uint Verdicts = 4;

    /// <summary>The log level that gives each instruction with the state of the registers.</summary>
    public const uint Instructions = 1;

    /// <summary>Bytes for the verdict of a program, and for all its instructions.</summary>
    public const int VerdictSize = 64 << 10, InstructionsSize = 4 << 20;

    private readonly Dictionary<string, int> _places = [];
    private readonly int _size;
    private byte* _buffers;

    /// <param name="handle">The opened object.</param>
    /// <param name="programs">The programs whose logs are wanted.</param>
    /// <param name="level">How much the verifier says.</param>
    /// <param name="size">The bytes for each program.</param>
    public VerifierLogs(ObjectHandle handle, IReadOnlyCollection<string> programs, uint level, int size)
    {
        _size = size;
        // Pages that the kernel does not write take no memory.
        _buffers = (byte*)NativeMemory.AllocZeroed((nuint)Math.Max(1, programs.Count), (nuint)size);
        foreach (var name in programs)
        {
            if (LibbpfCalls.bpf_object__find_program_by_name(handle, name) is not 0 and var program)
            {
                _places[name] = _places.Count;
                // Both fail only once the object is loaded.
                _ = LibbpfCalls.bpf_program__set_log_buf(program, _buffers + (long)_size * _places[name], (nuint)size);
                _ = LibbpfCalls.bpf_program__set_log_level(program, level);
            }
        }
    }

    /// <summary>What the verifier said of a program; empty where it said nothing.</summary>
    public string Of(string program)
    {
        if (!_places.TryGetValue(program, out var place))
        {
            return "";
        }

        var bytes = new ReadOnlySpan<byte>(_buffers + (long)_size * place, _size);
        return Encoding.UTF8.GetString(bytes[..(bytes.IndexOf((byte)0) is >= 0 and var end ? end : bytes.Length)]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.Free(_buffers);
        _buffers = null;
        _places.Clear();
    }
}
