using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Programs;
using Bee.Posix;

namespace Bee.Ebpf.Links;

/// <summary>Attaches xdp, tc and socket programs to network interfaces, in the network namespace of the interfaces.</summary>
internal static unsafe class InterfaceLinks
{
    public static IEnumerable<ILink> Make(BpfProgram program, AttachOptions options, AttachTargets targets)
    {
        foreach (var target in targets.InterfacesOf(program.Description))
        {
            yield return targets.InterfaceNamespace is { } space ? space.Run(() => One(program, options, target, space)) : One(program, options, target, null);
        }
    }

    private static ILink One(BpfProgram program, AttachOptions options, InterfaceTarget target, NetworkNamespaceHandle? space)
    {
        using var scope = LibbpfLog.Capture(options.Log);
        return program.Type switch
        {
            ProgramType.Xdp => Xdp(program, target.Interface, scope.Log),
            ProgramType.SocketFilter => PacketSocket.Attach(program, target.Interface),
            _ => Traffic(program, target, space, scope.Log),
        };
    }

    private static LinkHandle Xdp(BpfProgram program, NetworkInterfaceName target, LibbpfLog log)
    {
        var link = LibbpfCalls.bpf_program__attach_xdp(program.Pointer, target.Index);
        if (link != 0)
        {
            return new LinkHandle(link);
        }

        var errno = Marshal.GetLastPInvokeError();
        if (errno is not (Libc.EBUSY or Libc.EEXIST))
        {
            throw TargetFailure.Explain(program, $"interface {target.Name}", errno, log.Text);
        }

        uint holder;
        var other = LibbpfCalls.bpf_xdp_query_id(target.Index, 0, &holder) == 0 && holder != 0 ? $"xdp program {holder}" : "another xdp program";
        throw new BpfLoadException(LoadFault.Busy, $"Program '{program.Name}' cannot attach to interface {target.Name}: {other} is attached there.")
        {
            Program = program.Name,
            Errno = errno,
            Log = log.Text,
            Remedy = $"An interface runs one xdp program at a time. `bpftool net show dev {target.Name}` shows the other one: stop its process, or remove a leftover with `ip link set dev {target.Name} xdp off`. A tc program can run in addition.",
        };
    }

    private static ILink Traffic(BpfProgram program, InterfaceTarget target, NetworkNamespaceHandle? space, LibbpfLog log)
    {
        if (!TcFilter.IsForced)
        {
            var link = KernelLink.TryCreate(new KernelLink.Attributes
            {
                Program = program.Fd,
                Target = target.Interface.Index,
                AttachType = target.IsEgress ? KernelLink.TrafficEgress : KernelLink.TrafficIngress,
            });
            if (link is not null)
            {
                return link;
            }

            // The kernel supports this type of link since Linux 6.6.
            var errno = Marshal.GetLastPInvokeError();
            var lacksTcx = errno is Libc.EINVAL or Libc.EOPNOTSUPP;
            if (lacksTcx && program.Description.Kind.StartsWith("tcx", StringComparison.Ordinal))
            {
                throw TargetFailure.NoTcx(program, errno);
            }

            if (!lacksTcx)
            {
                throw TargetFailure.Explain(program, $"interface {target.Interface.Name}", errno, log.Text);
            }
        }

        return TcFilter.Attach(program, target, space, log);
    }
}

/// <summary>
/// A packet socket with a <c>socket</c> program as its filter: the program sees every packet of an interface, in both directions, as tcpdump would. The socket is never
/// read. Accepted packets fill its buffer, which has the smallest size, and are then dropped.
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
    public int LinkFd => -1;

    /// <exception cref="BpfLoadException">The socket cannot be created, or the kernel rejects the program.</exception>
    public static PacketSocket Attach(BpfProgram program, NetworkInterfaceName target)
    {
        // No protocol yet: no packet arrives before the filter is attached and the interface bound.
        var number = Libc.socket(FamilyPacket, Raw | Libc.O_CLOEXEC, 0);
        if (number < 0)
        {
            throw Failed(Marshal.GetLastPInvokeError());
        }

        var socket = new FdHandle(number);
        var fd = program.Fd;
        var least = 0;
        var address = new LinkAddress { Family = FamilyPacket, Protocol = BinaryPrimitives.ReverseEndianness(AllProtocols), Interface = target.Index };
        if (Libc.setsockopt(number, Level, ReceiveBuffer, &least, sizeof(int)) != 0
            || Libc.setsockopt(number, Level, AttachProgram, &fd, sizeof(int)) != 0
            || Libc.bind(number, &address, sizeof(LinkAddress)) != 0)
        {
            var errno = Marshal.GetLastPInvokeError();
            socket.Dispose();
            throw Failed(errno);
        }

        return new PacketSocket(socket);

        BpfLoadException Failed(int errno) => TargetFailure.Explain(program, $"a packet socket of interface {target.Name}", errno, "");
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();
}

/// <summary>
/// A tc program attached through the qdisc clsact, for kernels without tcx. The kernel keeps such a filter after its process has exited, so disposing removes it, and otherwise the
/// exit handler of the process. Only a killed process leaves it behind.
/// </summary>
internal sealed unsafe class TcFilter : ILink
{
    private const int Ingress = 1, Egress = 2;
    private static readonly HashSet<TcFilter> s_attached = [];
    private readonly NetworkNamespaceHandle? _space;
    private readonly bool _madeHook;
    private LibbpfCalls.TrafficHook _hook;
    private LibbpfCalls.TrafficOptions _filter;
    private bool _disposed;

    static TcFilter() => AppDomain.CurrentDomain.ProcessExit += (_, _) => RemoveAll();

    private TcFilter(NetworkNamespaceHandle? space, LibbpfCalls.TrafficHook hook, LibbpfCalls.TrafficOptions filter, bool madeHook)
    {
        _space = space;
        _hook = hook;
        _filter = filter;
        _madeHook = madeHook;
    }

    /// <summary>Uses clsact even if the kernel has tcx. For tests.</summary>
    public static bool IsForced { get; set; }

    /// <inheritdoc/>
    public int LinkFd => -1;

    /// <summary>Attaches in the namespace of the calling thread, which <paramref name="space"/> refers to for removal.</summary>
    /// <exception cref="BpfLoadException">The kernel rejects the program; nothing is left behind.</exception>
    public static TcFilter Attach(BpfProgram program, InterfaceTarget target, NetworkNamespaceHandle? space, LibbpfLog log)
    {
        var hook = new LibbpfCalls.TrafficHook
        {
            Size = (nuint)sizeof(LibbpfCalls.TrafficHook),
            InterfaceIndex = target.Interface.Index,
            AttachPoint = target.IsEgress ? Egress : Ingress,
        };
        var made = LibbpfCalls.bpf_tc_hook_create(&hook);
        if (made is not (0 or -Libc.EEXIST))
        {
            throw TargetFailure.Explain(program, $"interface {target.Interface.Name}", -made, log.Text);
        }

        // The older qdisc ingress would accept the filter, and run it for incoming packets.
        if (made != 0 && target.IsEgress && TrafficControl.QdiscAt(target.Interface.Index) is "ingress")
        {
            throw TargetFailure.OldQdisc(program, target.Interface.Name);
        }

        var filter = new LibbpfCalls.TrafficOptions { Size = (nuint)sizeof(LibbpfCalls.TrafficOptions), Program = program.Fd };
        var result = LibbpfCalls.bpf_tc_attach(&hook, &filter);
        var own = new TcFilter(space?.Share(), hook, filter, made == 0);
        if (result != 0)
        {
            own.RemoveHook();
            own._space?.Dispose();
            throw TargetFailure.Explain(program, $"interface {target.Interface.Name}", -result, log.Text);
        }

        lock (s_attached)
        {
            s_attached.Add(own);
        }

        return own;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (s_attached)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            s_attached.Remove(this);
        }

        if (_space is { } space)
        {
            space.Run(Remove);
            space.Dispose();
        }
        else
        {
            Remove();
        }
    }

    private bool Remove()
    {
        using var scope = LibbpfLog.Capture(null);
        var filter = new LibbpfCalls.TrafficOptions { Size = _filter.Size, Handle = _filter.Handle, Priority = _filter.Priority };
        fixed (LibbpfCalls.TrafficHook* hook = &_hook)
        {
            // Failure is fine: the interface or its filters may have been removed.
            _ = LibbpfCalls.bpf_tc_detach(hook, &filter);
        }

        RemoveHook();
        return true;
    }

    // Removes the qdisc if this filter created it and no other filter uses it.
    private void RemoveHook()
    {
        if (_madeHook && TrafficControl.HasFilters(_hook.InterfaceIndex) == false)
        {
            var both = _hook;
            both.AttachPoint = Ingress | Egress;
            // If another filter was added meanwhile, the kernel keeps the qdisc.
            _ = LibbpfCalls.bpf_tc_hook_destroy(&both);
        }
    }

    /// <summary>Removes the filters of all sessions when the process exits.</summary>
    internal static void RemoveAll()
    {
        TcFilter[] left;
        lock (s_attached)
        {
            left = [.. s_attached];
        }

        foreach (var filter in left)
        {
            try
            {
                filter.Dispose();
            }
            catch (BpfLoadException)
            {
                // The namespace cannot be entered any more. Go on with the others.
            }
        }
    }
}
