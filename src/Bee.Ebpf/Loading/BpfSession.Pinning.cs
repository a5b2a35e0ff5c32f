namespace Bee.Ebpf;

/// <summary>Keeping a session's programs in the kernel without a process.</summary>
public sealed partial class BpfSession
{
    internal BpfSession(PinnedProgram pinned, PinnedObjects owner, IReadOnlyList<BpfMap> maps, IReadOnlyList<BpfProgram> programs)
    {
        File = pinned.File;
        Pinned = pinned;
        StackSource.Join(maps);
        _watch = Watch(maps);
        Maps = maps;
        Programs = programs;
        _options = new BpfSessionOptions();
        _object = owner;
        _attached = true;
    }

    /// <summary>Where the programs are pinned; null where they are not.</summary>
    public PinnedProgram? Pinned { get; private set; }

    /// <summary>
    /// Pins links, maps and programs into a new folder on the BPF file system. From then on they live until <see cref="PinnedProgram.Remove"/>:
    /// disposing of this session, or the end of this process, only stops the reading.
    /// </summary>
    /// <param name="folder">The folder to make, as <see cref="PinPath.Resolve"/> gives it.</param>
    /// <param name="details">What whoever finds the pins shall know.</param>
    /// <exception cref="PinException">They cannot be pinned; nothing is left of the folder, and the session goes on as it was.</exception>
    /// <exception cref="BpfLoadException">The kernel does not keep the program's description; the same holds.</exception>
    /// <exception cref="InvalidOperationException">It is not attached, or pinned already.</exception>
    /// <exception cref="ObjectDisposedException">It has been disposed of.</exception>
    public PinnedProgram Pin(string folder, PinDetails details)
    {
        ArgumentNullException.ThrowIfNull(details);
        using var hold = new Hold(_object);
        IAttachment[] links;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_attached || Pinned is not null)
            {
                throw new InvalidOperationException("Only a session that is attached, and not pinned yet, can be pinned.");
            }

            links = [.. _links];
        }

        var iterators = new List<LinkHandle>();
        try
        {
            var pins = new List<(string Part, string Name, int Descriptor)>();
            foreach (var program in Programs.Where(p => p.IsLoaded))
            {
                if (program.Description.Kind == ProgramKinds.Iterator)
                {
                    iterators.Add(IteratorLinks.Make(program));
                    pins.Add((PinNames.Links, PinNames.OfLink(program.Name, 0), LibbpfCalls.LinkDescriptor(iterators[^1])));
                }

                pins.Add((PinNames.Programs, PinNames.Of(program.Name), program.Descriptor));
            }

            pins.AddRange(Maps.Select(map => (PinNames.Maps, PinNames.Of(map.Name), map.Descriptor)));
            for (var i = 0; i < links.Length; i++)
            {
                // Where the kernel has no link object for a perf event (before Linux 5.15), for a static probe or a filter of clsact, there is nothing to pin.
                var descriptor = links[i].LinkDescriptor;
                var id = descriptor >= 0 && KernelObject.KindOf(descriptor) == KernelObjectKind.Link ? KernelIds.Of(descriptor) : 0;
                var program = Programs.FirstOrDefault(p => id != 0 && p.LinkIds.Contains(id)) ?? throw CannotPin(folder);
                pins.Add((PinNames.Links, PinNames.OfLink(program.Name, i), descriptor));
            }

            var state = new PinState(Guid.NewGuid(), details, File);
            PinFolder.Make(folder, pins, state);
            foreach (var link in links.OfType<LinkHandle>())
            {
                link.IsPinned = true;
            }

            return Pinned = new PinnedProgram(folder, state);
        }
        finally
        {
            // They are read from and hold nothing attached: the pin is enough.
            iterators.ForEach(link => link.Dispose());
        }
    }

    /// <summary>Lets disposing of this session detach the links that it made, for when their pins are to go, or have gone.</summary>
    public void ForgetPins()
    {
        lock (_gate)
        {
            foreach (var link in _links.OfType<LinkHandle>())
            {
                link.IsPinned = false;
            }
        }
    }

    private PinException CannotPin(string folder)
    {
        var names = Programs.Where(p => p is { IsLoaded: true, LinkIds.Count: 0 } && p.Description.Kind is not (ProgramKinds.Iterator or ProgramKinds.RunOnRequest))
            .Select(p => $"'{p.Name}' ({p.Description.SectionName})").ToArray();
        return new PinException(
            PinFault.CannotPin,
            folder,
            $"{(names.Length > 0 ? string.Join(" and ", names) : "One of the programs")} cannot be pinned: this kernel has no link object for what it is attached to, so it is attached only as long as a process holds it.",
            "Run it without -PinPath in a process that stays, or use a kind of program that has links: tracepoints, kprobes, uprobes and perf_event from Linux 5.15 on, xdp from 5.9, tc from 6.6 (tcx).");
    }
}
