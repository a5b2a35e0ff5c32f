using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Bee.Ebpf;

/// <summary>
/// A packet socket that a <c>socket</c> program filters: the program sees every packet of an interface, both ways, as tcpdump would. Nobody reads
/// the socket: what the program accepts waits in a buffer of the smallest size and is dropped when that is full.
/// </summary>
internal sealed unsafe class PacketSocket : ILink
{
    // include/uapi/linux/if_packet.h, if_ether.h, asm-generic/socket.h.
    private const int FamilyPacket = 17, Raw = 3, Level = 1, AttachProgram = 50, ReceiveBuffer = 8;
    private const ushort AllProtocols = 3;
    private readonly FdHandle _socket;

    private PacketSocket(FdHandle socket) => _socket = socket;

    [StructLayout(LayoutKind.Sequential)]
    private struct LinkAddress
    {
        public ushort Family;
        public ushort Protocol;
        public int Interface;
        public ushort HardwareType;
        public byte PacketType, AddressLength;
        public ulong Address;
    }

    /// <inheritdoc/>
    public int LinkDescriptor => -1;

    /// <exception cref="BpfLoadException">The socket cannot be made, or does not take the program.</exception>
    public static PacketSocket Attach(BpfProgram program, NetworkInterfaceName place)
    {
        // No protocol yet: nothing arrives before the filter is there and the interface is chosen.
        var number = Libc.Socket(FamilyPacket, Raw | Libc.CloseOnExec, 0);
        if (number < 0)
        {
            throw Failed(Marshal.GetLastPInvokeError());
        }

        var socket = new FdHandle(number);
        var descriptor = program.Descriptor;
        var least = 0;
        var address = new LinkAddress { Family = FamilyPacket, Protocol = BinaryPrimitives.ReverseEndianness(AllProtocols), Interface = place.Index };
        if (Libc.SetSocketOption(number, Level, ReceiveBuffer, &least, sizeof(int)) != 0
            || Libc.SetSocketOption(number, Level, AttachProgram, &descriptor, sizeof(int)) != 0
            || Libc.Bind(number, &address, sizeof(LinkAddress)) != 0)
        {
            var errno = Marshal.GetLastPInvokeError();
            socket.Dispose();
            throw Failed(errno);
        }

        return new PacketSocket(socket);

        BpfLoadException Failed(int errno) => TargetFailure.Explain(program, $"a packet socket of interface {place.Name}", errno, "");
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();
}
