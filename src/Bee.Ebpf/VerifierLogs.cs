using System.Runtime.InteropServices;
using System.Text;
using Bee.Ebpf.Interop;

namespace Bee.Ebpf;

/// <summary>
/// Buffers for the verifier's logs. libbpf's own buffer grows until a log fits and runs the verifier again each time, which takes a minute and a gigabyte for a
/// program that is too complex. These buffers have a fixed size. A longer log loses its beginning, or its end before Linux 6.4.
/// </summary>
internal sealed unsafe class VerifierLogs : IDisposable
{
    /// <summary>The log level for the verdict and statistics (BPF_LOG_STATS). It does not slow loading down.</summary>
    public const uint Verdicts = 4;

    /// <summary>The log level for each instruction with the state of the registers.</summary>
    public const uint Instructions = 1;

    /// <summary>The size in bytes for the verdict of a program, and for all its instructions.</summary>
    public const int VerdictSize = 64 << 10, InstructionsSize = 4 << 20;

    private readonly Dictionary<string, int> _indices = [];
    private readonly int _size;
    private byte* _buffers;

    /// <param name="handle">The opened object.</param>
    /// <param name="programs">The programs whose logs are wanted.</param>
    /// <param name="level">The log level.</param>
    /// <param name="size">The size of the buffer for each program, in bytes.</param>
    public VerifierLogs(ObjectHandle handle, IReadOnlyCollection<string> programs, uint level, int size)
    {
        _size = size;
        // Pages that the kernel does not write use no memory.
        _buffers = (byte*)NativeMemory.AllocZeroed((nuint)Math.Max(1, programs.Count), (nuint)size);
        foreach (var name in programs)
        {
            if (LibbpfCalls.bpf_object__find_program_by_name(handle, name) is not 0 and var program)
            {
                _indices[name] = _indices.Count;
                // Both calls fail only after the object is loaded.
                _ = LibbpfCalls.bpf_program__set_log_buf(program, _buffers + (long)_size * _indices[name], (nuint)size);
                _ = LibbpfCalls.bpf_program__set_log_level(program, level);
            }
        }
    }

    /// <summary>Returns the verifier's log of a program; empty if the verifier wrote none.</summary>
    public string Of(string program)
    {
        if (!_indices.TryGetValue(program, out var index))
        {
            return "";
        }

        var bytes = new ReadOnlySpan<byte>(_buffers + (long)_size * index, _size);
        return Encoding.UTF8.GetString(bytes[..(bytes.IndexOf((byte)0) is >= 0 and var end ? end : bytes.Length)]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.Free(_buffers);
        _buffers = null;
        _indices.Clear();
    }
}
