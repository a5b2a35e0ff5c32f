using Bee.Ebpf.Interop;
using Bee.Ebpf.Links;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Programs;

namespace Bee.Ebpf;

/// <summary>Pins a session: its links, maps and programs.</summary>
internal static class PinWriter
{
    /// <summary>Pins everything into a new folder, or nothing.</summary>
    /// <param name="folder">The folder to create.</param>
    /// <param name="details">The details to keep with the pins.</param>
    /// <param name="loaded">The object with its maps and programs.</param>
    /// <param name="links">The links of its programs.</param>
    /// <exception cref="PinException">Something cannot be pinned.</exception>
    /// <exception cref="BpfLoadException">The kernel does not create the map that holds the state.</exception>
    public static PinnedProgram Write(string folder, PinDetails details, LoadedObject loaded, IReadOnlyList<BpfLink> links)
    {
        var iterators = new List<LinkHandle>();
        try
        {
            var pins = new List<(string Part, string Name, int Fd)>();
            foreach (var program in loaded.Programs.Where(p => p.IsLoaded))
            {
                if (program.Description.Kind == ProgramKinds.Iterator)
                {
                    iterators.Add(IteratorLinks.Make(program));
                    pins.Add((PinNames.Links, PinNames.OfLink(program.Name, 0), iterators[^1].LinkFd));
                }

                pins.Add((PinNames.Programs, PinNames.Of(program.Name), program.Fd));
            }

            pins.AddRange(loaded.Maps.Where(map => map.Description.Place is null).Select(map => (PinNames.Maps, PinNames.Of(map.Name), map.Fd)));
            var number = 0;
            foreach (var link in links)
            {
                foreach (var one in link.Links)
                {
                    // Perf events before Linux 5.15, static probes and filters of clsact have no link object that could be pinned.
                    var fd = one.LinkFd;
                    pins.Add((PinNames.Links, PinNames.OfLink(link.Program.Name, number++), fd >= 0 && KernelObject.KindOf(fd) == KernelObjectKind.Link ? fd : throw CannotPin(folder, loaded.Programs)));
                }
            }

            var state = new PinState(Guid.NewGuid(), details, loaded.File);
            PinFolder.Make(folder, pins, state);
            return new PinnedProgram(folder, state);
        }
        finally
        {
            // The pin keeps an iterator's link; nothing is attached by it.
            iterators.ForEach(link => link.Dispose());
        }
    }

    private static PinException CannotPin(string folder, IEnumerable<BpfProgram> programs)
    {
        var names = programs.Where(p => p is { IsLoaded: true, LinkIds.Count: 0 } && p.Description.Kind is not (ProgramKinds.Iterator or ProgramKinds.RunOnRequest))
            .Select(p => $"'{p.Name}' ({p.Description.SectionName})").ToArray();
        return new PinException(
            PinFault.CannotPin,
            folder,
            $"{(names.Length > 0 ? string.Join(" and ", names) : "One of the programs")} cannot be pinned: this kernel has no link object for the attach target, so the program stays attached only while a process holds it.",
            "Run it unpinned in a process that keeps running, or use a kind of program with links: tracepoints, kprobes, uprobes and perf_event since Linux 5.15, xdp since 5.9, tc since 6.6 (tcx).");
    }
}
