namespace Bee.Ebpf;

/// <summary>
/// A tc program attached through the qdisc clsact, as kernels before tcx have it. The kernel keeps such a filter when the process that made it dies, so it is
/// removed when the session is disposed of, and failing that when the process exits; only a kill leaves it.
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

    /// <summary>True to go through clsact even where the kernel has tcx. For tests.</summary>
    public static bool IsForced { get; set; }

    /// <inheritdoc/>
    public int LinkDescriptor => -1;

    /// <summary>Attaches in the namespace that the calling thread is in; <paramref name="space"/> is that one, to come back to it.</summary>
    /// <exception cref="BpfLoadException">The kernel refuses; nothing is left behind.</exception>
    public static TcFilter Attach(BpfProgram program, InterfacePlace place, NetworkNamespaceHandle? space, LibbpfLog log)
    {
        var hook = new LibbpfCalls.TrafficHook
        {
            Size = (nuint)sizeof(LibbpfCalls.TrafficHook),
            InterfaceIndex = place.Interface.Index,
            AttachPoint = place.IsEgress ? Egress : Ingress,
        };
        var made = LibbpfCalls.CreateTrafficHook(&hook);
        if (made is not (0 or -Libc.EEXIST))
        {
            throw TargetFailure.Explain(program, $"interface {place.Interface.Name}", -made, log.Text);
        }

        // The older qdisc would take the filter all the same, and run it for what arrives.
        if (made != 0 && place.IsEgress && TrafficControl.QdiscAt(place.Interface.Index) is "ingress")
        {
            throw TargetFailure.OldQdisc(program, place.Interface.Name);
        }

        var filter = new LibbpfCalls.TrafficOptions { Size = (nuint)sizeof(LibbpfCalls.TrafficOptions), Program = program.Descriptor };
        var result = LibbpfCalls.AttachTraffic(&hook, &filter);
        var own = new TcFilter(space?.Share(), hook, filter, made == 0);
        if (result != 0)
        {
            own.RemoveHook();
            own._space?.Dispose();
            throw TargetFailure.Explain(program, $"interface {place.Interface.Name}", -result, log.Text);
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
            // Gone already is as good: somebody removed the interface or its filters.
            _ = LibbpfCalls.DetachTraffic(hook, &filter);
        }

        RemoveHook();
        return true;
    }

    // Only what this filter brought, and only when nobody has come to use it since.
    private void RemoveHook()
    {
        if (_madeHook && TrafficControl.HasFilters(_hook.InterfaceIndex) == false)
        {
            var both = _hook;
            both.AttachPoint = Ingress | Egress;
            // Another filter may have come meanwhile; then the hook stays, as it should.
            _ = LibbpfCalls.DestroyTrafficHook(&both);
        }
    }

    /// <summary>Removes the filters of all sessions; what the process does when it exits.</summary>
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
                // The namespace cannot be entered any more; the others can be removed all the same.
            }
        }
    }
}
