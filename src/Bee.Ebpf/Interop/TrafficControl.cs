using System.Runtime.InteropServices;
using System.Text;
using Bee.Posix;

namespace Bee.Ebpf.Interop;

/// <summary>Queries traffic control at an interface by rtnetlink, in the network namespace of the calling thread. libbpf has no function for this.</summary>
/// <remarks>Numbers and layout: include/uapi/linux/{netlink,rtnetlink,pkt_sched}.h.</remarks>
internal static unsafe class TrafficControl
{
    private const int FamilyNetlink = 16, Raw = 3, Route = 0;
    private const ushort NewQdisc = 36, GetQdisc = 38, NewFilter = 44, GetFilter = 46, Error = 2, Done = 3, Request = 1, Dump = 0x300, Kind = 1;
    private const uint ClsactParent = 0xfffffff1, IngressParent = 0xfffffff2, EgressParent = 0xfffffff3;
    private const int HeaderSize = 16, MessageSize = HeaderSize + 20, AttributeHeader = 4, Room = 32768;
    private const int InterfaceAt = HeaderSize + 4, ParentAt = HeaderSize + 12;

    // Receives each message of an answer; false stops.
    private delegate bool Visitor(ReadOnlySpan<byte> message);

    /// <summary>Reports whether clsact has a filter in either direction; null on failure.</summary>
    public static bool? HasFilters(int interfaceIndex)
    {
        var any = false;
        bool Found(ReadOnlySpan<byte> message)
        {
            any = true;
            return false;
        }

        return Ask(GetFilter, NewFilter, interfaceIndex, IngressParent, Found) && Ask(GetFilter, NewFilter, interfaceIndex, EgressParent, Found) ? any : null;
    }

    /// <summary>Returns the qdisc of the interface: clsact, or its predecessor ingress, which handles only incoming packets; null if the interface has neither.</summary>
    public static string? QdiscAt(int interfaceIndex)
    {
        string? kind = null;
        Ask(GetQdisc, NewQdisc, interfaceIndex, 0, message =>
        {
            if (Read<int>(message[InterfaceAt..]) == interfaceIndex && Read<uint>(message[ParentAt..]) == ClsactParent)
            {
                kind = KindOf(message[MessageSize..]);
            }

            return kind is null;
        });
        return kind;
    }

    private static bool Ask(ushort question, ushort answer, int interfaceIndex, uint parent, Visitor visit)
    {
        var number = Libc.socket(FamilyNetlink, Raw | Libc.O_CLOEXEC, Route);
        if (number < 0)
        {
            return false;
        }

        using var socket = new FdHandle(number);
        Span<byte> request = stackalloc byte[MessageSize];
        request.Clear();
        MemoryMarshal.Write(request, MessageSize);
        MemoryMarshal.Write(request[4..], question);
        MemoryMarshal.Write(request[6..], (ushort)(Request | Dump));
        MemoryMarshal.Write(request[InterfaceAt..], interfaceIndex);
        MemoryMarshal.Write(request[ParentAt..], parent);
        fixed (byte* start = request)
        {
            // Messages of an unconnected netlink socket go to the kernel.
            if (Libc.write(socket, start, MessageSize) != MessageSize)
            {
                return false;
            }
        }

        var buffer = stackalloc byte[Room];
        while (Libc.read(socket, buffer, Room) is > 0 and var length)
        {
            for (var rest = new ReadOnlySpan<byte>(buffer, (int)length); rest.Length >= HeaderSize;)
            {
                var size = Read<int>(rest);
                var type = Read<ushort>(rest[4..]);
                if (type is Done or Error || size < HeaderSize || size > rest.Length)
                {
                    return type == Done;
                }

                if (type == answer && !visit(rest[..size]))
                {
                    return true;
                }

                rest = rest[Math.Min(rest.Length, (size + 3) & ~3)..];
            }
        }

        return false;
    }

    private static string? KindOf(ReadOnlySpan<byte> attributes)
    {
        while (attributes.Length > AttributeHeader && Read<ushort>(attributes) is var size && size >= AttributeHeader && size <= attributes.Length)
        {
            if (Read<ushort>(attributes[2..]) == Kind)
            {
                return Encoding.ASCII.GetString(attributes[AttributeHeader..size]).TrimEnd('\0');
            }

            attributes = attributes[Math.Min(attributes.Length, (size + 3) & ~3)..];
        }

        return null;
    }

    private static T Read<T>(ReadOnlySpan<byte> at)
        where T : unmanaged => MemoryMarshal.Read<T>(at);
}
