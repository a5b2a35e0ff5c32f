using System.Runtime.InteropServices;

namespace Bee.Ebpf;

/// <summary>Attaches xdp, tc and socket programs to network interfaces, in the network namespace where those are.</summary>
internal static unsafe class InterfaceLinks
{
    public static IEnumerable<ILink> Make(BpfProgram program, AttachOptions options, AttachTargets places)
    {
        foreach (var place in places.InterfacesOf(program.Description))
        {
            yield return places.InterfaceNamespace is { } space ? space.Run(() => One(program, options, place, space)) : One(program, options, place, null);
        }
    }

    private static ILink One(BpfProgram program, AttachOptions options, InterfacePlace place, NetworkNamespaceHandle? space)
    {
        using var scope = LibbpfLog.Capture(options.Log);
        return program.Type switch
        {
            ProgramType.Xdp => Xdp(program, place.Interface, scope.Log),
            ProgramType.SocketFilter => PacketSocket.Attach(program, place.Interface),
            _ => Traffic(program, place, space, scope.Log),
        };
    }

    private static LinkHandle Xdp(BpfProgram program, NetworkInterfaceName place, LibbpfLog log)
    {
        var link = LibbpfCalls.AttachXdp(program.Pointer, place.Index);
        if (link != 0)
        {
            return new LinkHandle(link);
        }

        var errno = Marshal.GetLastPInvokeError();
        if (errno is not (Libc.EBUSY or Libc.EEXIST))
        {
            throw TargetFailure.Explain(program, $"interface {place.Name}", errno, log.Text);
        }

        uint holder;
        var other = LibbpfCalls.XdpProgramId(place.Index, 0, &holder) == 0 && holder != 0 ? $"xdp program {holder}" : "another xdp program";
        throw new BpfLoadException(LoadFault.Busy, $"Program '{program.Name}' cannot attach to interface {place.Name}: {other} is attached there.")
        {
            Program = program.Name,
            Errno = errno,
            Log = log.Text,
            Remedy = $"An interface runs one xdp program at a time. `bpftool net show dev {place.Name}` tells whose it is; end what holds it, or, if it was left behind, `ip link set dev {place.Name} xdp off`. A tc program can run beside it.",
        };
    }

    private static ILink Traffic(BpfProgram program, InterfacePlace place, NetworkNamespaceHandle? space, LibbpfLog log)
    {
        if (!TcFilter.IsForced)
        {
            var link = KernelLink.TryCreate(new KernelLink.Attributes
            {
                Program = program.Descriptor,
                Target = place.Interface.Index,
                AttachType = place.IsEgress ? KernelLink.TrafficEgress : KernelLink.TrafficIngress,
            });
            if (link is not null)
            {
                return link;
            }

            // Before Linux 6.6 the kernel does not know this type of link.
            var errno = Marshal.GetLastPInvokeError();
            var lacksTcx = errno is Libc.EINVAL or Libc.EOPNOTSUPP;
            if (lacksTcx && program.Description.Kind.StartsWith("tcx", StringComparison.Ordinal))
            {
                throw TargetFailure.NoTcx(program, errno);
            }

            if (!lacksTcx)
            {
                throw TargetFailure.Explain(program, $"interface {place.Interface.Name}", errno, log.Text);
            }
        }

        return TcFilter.Attach(program, place, space, log);
    }
}
