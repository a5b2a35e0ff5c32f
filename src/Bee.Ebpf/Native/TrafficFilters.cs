using System.Runtime.InteropServices;

namespace Bee.Ebpf;

/// <summary>Asks the kernel, by rtnetlink, whether an interface has tc filters at clsact: libbpf finds only one whose number is known.</summary>
/// <remarks>Numbers and layout: include/uapi/linux/{netlink,rtnetlink,pkt_sched}.h.</remarks>
internal static unsafe class TrafficFilters
{
    private const int FamilyNetlink = 16, Raw = 3, Route = 0;
    private const ushort NewFilter = 44, GetFilter = 46, Error = 2, Done = 3, Request = 1, Dump = 0x300;
    private const uint IngressParent = 0xfffffff2, EgressParent = 0xfffffff3;
    private const int HeaderSize = 16, MessageSize = HeaderSize + 20;

    /// <summary>Whether there is a filter either way, in the namespace that the calling thread is in; null where the kernel does not tell.</summary>
    public static bool? Any(int interfaceIndex)
    {
        var incoming = Any(interfaceIndex, IngressParent);
        return incoming == false ? Any(interfaceIndex, EgressParent) : incoming;
    }

    private static bool? Any(int interfaceIndex, uint parent)
    {
        var number = Libc.Socket(FamilyNetlink, Raw | Libc.CloseOnExec, Route);
        if (number < 0)
        {
            return null;
        }

        using var socket = new DescriptorHandle(number);
        Span<byte> request = stackalloc byte[MessageSize];
        request.Clear();
        MemoryMarshal.Write(request, MessageSize);
        MemoryMarshal.Write(request[4..], GetFilter);
        MemoryMarshal.Write(request[6..], (ushort)(Request | Dump));
        MemoryMarshal.Write(request[(HeaderSize + 4)..], interfaceIndex);
        MemoryMarshal.Write(request[(HeaderSize + 12)..], parent);
        fixed (byte* start = request)
        {
            // A socket that is not connected sends to the kernel.
            if (Libc.Write(number, start, MessageSize) != MessageSize)
            {
                return null;
            }
        }

        var answer = stackalloc byte[32768];
        while (Libc.Read(number, answer, 32768) is > 0 and var length)
        {
            for (var rest = new ReadOnlySpan<byte>(answer, (int)length); rest.Length >= HeaderSize;)
            {
                switch (MemoryMarshal.Read<ushort>(rest[4..]))
                {
                    case NewFilter:
                        return true;
                    case Done:
                        return false;
                    case Error:
                        return null;
                }

                rest = rest[Math.Min(rest.Length, Math.Max(HeaderSize, (MemoryMarshal.Read<int>(rest) + 3) & ~3))..];
            }
        }

        return null;
    }
}
