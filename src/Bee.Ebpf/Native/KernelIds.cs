namespace Bee.Ebpf;

/// <summary>The kernel's ids of programs, maps and links.</summary>
internal static unsafe class KernelIds
{
    /// <summary>The id of what a descriptor stands for, or 0 when the kernel does not tell.</summary>
    public static int Of(int descriptor)
    {
        // bpf_prog_info, bpf_map_info and bpf_link_info all begin with the type and then the id; the kernel fills what there is room for.
        Span<uint> info = stackalloc uint[2];
        info.Clear();
        var size = (uint)(info.Length * sizeof(uint));
        fixed (uint* start = info)
        {
            return LibbpfCalls.ObjectInfo(descriptor, start, &size) == 0 ? (int)info[1] : 0;
        }
    }

    /// <summary>Whether the kernel still has a program of this id.</summary>
    public static bool IsProgram(int id)
    {
        var descriptor = LibbpfCalls.ProgramById((uint)id);
        if (descriptor >= 0)
        {
            Libc.Close(descriptor);
        }

        return descriptor != -Libc.ENOENT;
    }
}
