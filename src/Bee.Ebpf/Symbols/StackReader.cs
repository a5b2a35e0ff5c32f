using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Bee.Ebpf;

/// <summary>Makes stack traces of what the kernel keeps in a stack map: addresses, or build ids with places, up to a zero or the end.</summary>
internal static class StackReader
{
    // enum bpf_stack_build_id_status, and struct bpf_stack_build_id: the status, 20 bytes, then place or address.
    private const int Empty = 0, Valid = 1, BuildIdBytes = 20, BuildIdEntry = 32;

    /// <summary>The trace of an entry's value.</summary>
    /// <param name="id">Its id, or null.</param>
    /// <param name="value">The value.</param>
    /// <param name="byBuildId">Whether the map was made with BPF_F_STACK_BUILD_ID.</param>
    /// <param name="process">The process that the stack is of; 0 where it is not known.</param>
    public static StackTrace Read(int? id, ReadOnlySpan<byte> value, bool byBuildId, int process) =>
        new(id, default, byBuildId ? ByBuildId(value, process) : ByAddress(MemoryMarshal.Cast<byte, ulong>(value), process));

    private static StackFrame[] ByAddress(ReadOnlySpan<ulong> addresses, int process)
    {
        var count = addresses.IndexOf(0ul);
        addresses = count < 0 ? addresses : addresses[..count];
        FrameSource? user = null;
        var frames = new StackFrame[addresses.Length];
        for (var i = 0; i < frames.Length; i++)
        {
            var source = KernelFrames.Owns(addresses[i]) ? KernelFrames.Instance : user ??= OfProcess(process, addresses);
            frames[i] = new StackFrame(addresses[i], source, isCaller: i > 0);
        }

        return frames;
    }

    private static FrameSource OfProcess(int process, ReadOnlySpan<ulong> addresses) =>
        Processes.Get(process, addresses) is { } mappings ? new UserFrames(mappings) : UnknownFrames.Instance;

    private static StackFrame[] ByBuildId(ReadOnlySpan<byte> value, int process)
    {
        ProcessMappings? hint = null;
        var frames = new List<StackFrame>();
        for (; value.Length >= BuildIdEntry; value = value[BuildIdEntry..])
        {
            var status = BinaryPrimitives.ReadInt32LittleEndian(value);
            var place = BinaryPrimitives.ReadUInt64LittleEndian(value[24..]);
            if (status == Empty)
            {
                break;
            }

            if (hint is null && (hint = Processes.Get(process, [])) is not null)
            {
                SeenFiles.Note(hint);
            }

            FrameSource source = status == Valid ? new BuildIdFrame(Convert.ToHexString(value.Slice(4, BuildIdBytes)).ToLowerInvariant(), place, hint)
                : KernelFrames.Owns(place) ? KernelFrames.Instance
                : hint is not null ? new UserFrames(hint) : UnknownFrames.Instance;
            frames.Add(new StackFrame(status == Valid ? 0 : place, source, isCaller: frames.Count > 0));
        }

        return [.. frames];
    }
}
