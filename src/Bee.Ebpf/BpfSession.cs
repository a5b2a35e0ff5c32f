using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Bee.Ebpf.Events;
using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Links;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Programs;
using Bee.Ebpf.Records;
using Bee.Ebpf.Symbols;

namespace Bee.Ebpf;

/// <summary>An object file that is loaded into the kernel. Disposing of it detaches and unloads everything.</summary>
[SupportedOSPlatform("linux")]
public sealed class BpfSession : IDisposable
{
    private readonly object _gate = new();
    private readonly SafeHandle _object;
    private readonly BpfSessionOptions _options;
    // Null for what was attached before, and for what is not to be attached.
    private readonly AttachTargets? _places;
    private readonly List<ILink> _links = [];
    private readonly List<EventReader> _readers = [];
    // Files are noted from the start: a stack may be read when its process has ended.
    private readonly IDisposable? _watch;
    private readonly NamedPins? _pins;
    private bool _attached;
    private bool _disposed;

    private BpfSession(LoadResult loaded, BpfSessionOptions options)
    {
        var (file, handle, places) = (loaded.File, loaded.Handle, loaded.Targets);
        File = file;
        _options = options;
        _places = places;
        _attached = places is null;
        _object = handle;
        var maps = new List<BpfMap>(file.Maps.Count);
        foreach (var map in file.Maps)
        {
            if (LibbpfCalls.bpf_object__find_map_by_name(handle, map.Place?.Section ?? map.Name) is not 0 and var pointer && LibbpfCalls.bpf_map__fd(pointer) is >= 0 and var fd)
            {
                maps.Add(new BpfMap(handle, fd, map) { File = file });
            }
        }

        var programs = new List<BpfProgram>(file.Programs.Count);
        foreach (var program in file.Programs)
        {
            if (LibbpfCalls.bpf_object__find_program_by_name(handle, program.Name) is not 0 and var pointer)
            {
                programs.Add(new BpfProgram(handle, pointer, program) { TargetMap = maps.Find(map => map.Name == places?.MapOf(program)) });
            }
        }

        StackSource.Join(maps);
        _watch = Watch(maps);
        Maps = maps;
        Programs = programs;
        _pins = NamedPins.Of(loaded.MissingPins, maps);
        if (maps.Exists(map => map.Description.Type == MapType.StackTrace))
        {
            LoadedCode.Note(programs.Where(program => program.IsLoaded).Select(program => (program.Id, program.Name)));
        }
    }

    /// <summary>The object file.</summary>
    public ObjectFile File { get; }

    /// <summary>Its maps, in the object file's order.</summary>
    public IReadOnlyList<BpfMap> Maps { get; }

    /// <summary>Its programs, in the object file's order.</summary>
    public IReadOnlyList<BpfProgram> Programs { get; }

    /// <summary>Returns a program by its name in C.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="BpfNotFoundException">The object has no program of this name.</exception>
    public BpfProgram Program(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        foreach (var program in Programs)
        {
            if (program.Name == name)
            {
                return program;
            }
        }

        string[] names = [.. Programs.Select(program => program.Name)];
        throw BpfNotFoundException.Program(File.Name, name, Suggest.Nearest(name, names, 3), names);
    }

    /// <summary>Returns a map by its name in C.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="BpfNotFoundException">The object has no map of this name.</exception>
    public BpfMap Map(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        foreach (var map in Maps)
        {
            if (map.Name == name)
            {
                return map;
            }
        }

        string[] names = [.. Maps.Where(map => !map.Description.IsInternal).Select(map => map.Name)];
        throw BpfNotFoundException.Map(File.Name, name, Suggest.Nearest(name, names, 3), names);
    }

    /// <summary>Sets parameters, creates the maps and loads the programs. Nothing runs yet.</summary>
    /// <param name="file">The object file.</param>
    /// <param name="options">Parameters, sizes of maps and attach targets; null for what the object declares.</param>
    /// <exception cref="BpfLoadException">It cannot be loaded; nothing is left behind.</exception>
    /// <exception cref="BpfParameterException">No parameters are given, and a default of the author's does not fit.</exception>
    /// <exception cref="ArgumentException">The parameters are bound to another object.</exception>
    public static BpfSession Load(ObjectFile file, BpfSessionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(file);
        options ??= new BpfSessionOptions();
        return Of(ObjectLoader.Load(file, options), options);
    }

    /// <summary>Loads some of an object's programs. None of them can be attached, so they may be of any kind, and need no target.</summary>
    /// <exception cref="BpfLoadException">They cannot be loaded; nothing is left behind.</exception>
    internal static BpfSession LoadUnattached(ObjectFile file, Func<ProgramDescription, bool> load, BpfSessionOptions options)
    {
        file = file.WithMetadata(new ObjectMetadata { Programs = file.Programs.ToDictionary(p => p.Name, p => new ProgramMetadata { Load = load(p) }) });
        return Of(ObjectLoader.LoadUnattached(file, options), options);
    }

    private static BpfSession Of(LoadResult loaded, BpfSessionOptions options)
    {
        try
        {
            return new BpfSession(loaded, options);
        }
        catch
        {
            loaded.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Attaches every program that has something to attach to. Iterators run when a reader reads them, <c>syscall</c> programs when
    /// <see cref="BpfProgram.Run"/> is called.
    /// </summary>
    /// <exception cref="BpfLoadException">One of them cannot be attached; all are detached again and the session is disposed of.</exception>
    /// <exception cref="InvalidOperationException">It is attached already, or was loaded to be run on given input.</exception>
    /// <exception cref="ObjectDisposedException">It has been disposed of, perhaps meanwhile by another thread.</exception>
    public void Attach()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_attached)
            {
                throw new InvalidOperationException("The session is attached already, or was loaded to be run on given input.");
            }

            _attached = true;
        }

        try
        {
            using var hold = new Lease(_object);
            // A socket has the programs that its map had when it came in: they go before what puts sockets there.
            foreach (var program in Programs.Where(p => p.IsLoaded).OrderBy(p => p.Description.KindRow.Method != AttachMethod.SocketMap))
            {
                foreach (var link in Attacher.Attach(program, _options, _places!))
                {
                    Keep(link);
                    program.AddLink(link);
                }
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>
    /// Opens a reader. Open it before <see cref="Attach"/> and no event of a perf buffer is missed. Of several readers only one may read a given
    /// ring or perf buffer, since an event is read once.
    /// </summary>
    /// <param name="options">What to read.</param>
    /// <exception cref="BpfLoadException">A buffer cannot be mapped.</exception>
    /// <exception cref="ObjectDisposedException">It has been disposed of.</exception>
    public EventReader OpenReader(EventReaderOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        using var hold = new Lease(_object);
        var reader = new EventReader(new LoadedObject(File, Maps, Programs), this, _object, options);
        lock (_gate)
        {
            if (!_disposed)
            {
                _readers.Add(reader);
                return reader;
            }
        }

        reader.Dispose();
        throw new ObjectDisposedException(nameof(BpfSession));
    }

    /// <summary>
    /// Detaches every link at once, of a pinned session by removing its pins; maps, programs and readers stay until it is disposed of, so what is in the buffers can still be read. Safe from
    /// any thread, and more than once.
    /// </summary>
    /// <exception cref="PinException">The links are detached here, but the pins cannot be removed and keep the programs attached.</exception>
    public void Detach()
    {
        ForgetPins();
        ILink[] links;
        lock (_gate)
        {
            links = [.. _links];
            _links.Clear();
        }

        Detaching.All(links);
        foreach (var program in Programs)
        {
            program.ForgetLinks();
        }

        Pinned?.Remove(TimeSpan.Zero);
    }

    /// <summary>
    /// Detaches every link at once and frees the rest; if a reader is running it stops first, and what it uses is freed when it has left.
    /// Safe from any thread, and more than once.
    /// </summary>
    public void Dispose()
    {
        ILink[] links;
        EventReader[] readers;
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            links = [.. _links];
            readers = [.. _readers];
            _links.Clear();
            _readers.Clear();
        }

        Detaching.All(links);

        foreach (var reader in readers)
        {
            reader.Dispose();
        }

        foreach (var program in Programs)
        {
            program.ForgetLinks();
        }

        // Programs that are pinned go on using their maps.
        if (Pinned is null)
        {
            _pins?.Remove(Programs.Where(program => program.IsLoaded).Select(program => program.Id).ToHashSet());
        }

        _watch?.Dispose();
        _places?.Dispose();
        _object.Dispose();
    }

    private static IDisposable? Watch(IEnumerable<BpfMap> maps) => maps.Any(map => map.Description.KeepsBuildIds) ? SeenFiles.Watch() : null;

    private void Keep(ILink link)
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                _links.Add(link);
                return;
            }
        }

        link.Dispose();
        throw new ObjectDisposedException(nameof(BpfSession));
    }

    internal BpfSession(PinnedProgram pinned, PinnedObjects owner, IReadOnlyList<BpfMap> maps, IReadOnlyList<BpfProgram> programs)
    {
        File = pinned.File;
        KernelEnums.Apply(File);
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
        using var hold = new Lease(_object);
        ILink[] links;
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
            var pins = new List<(string Part, string Name, int Fd)>();
            foreach (var program in Programs.Where(p => p.IsLoaded))
            {
                if (program.Description.Kind == ProgramKinds.Iterator)
                {
                    iterators.Add(IteratorLinks.Make(program));
                    pins.Add((PinNames.Links, PinNames.OfLink(program.Name, 0), iterators[^1].LinkFd));
                }

                pins.Add((PinNames.Programs, PinNames.Of(program.Name), program.Fd));
            }

            pins.AddRange(Maps.Where(map => map.Description.Place is null).Select(map => (PinNames.Maps, PinNames.Of(map.Name), map.Fd)));
            for (var i = 0; i < links.Length; i++)
            {
                // Where the kernel has no link object for a perf event (before Linux 5.15), for a static probe or a filter of clsact, there is nothing to pin.
                var fd = links[i].LinkFd;
                var id = fd >= 0 && KernelObject.KindOf(fd) == KernelObjectKind.Link ? KernelIds.Of(fd) : 0;
                var program = Programs.FirstOrDefault(p => id != 0 && p.LinkIds.Contains(id)) ?? throw CannotPin(folder);
                pins.Add((PinNames.Links, PinNames.OfLink(program.Name, i), fd));
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
            "Run it unpinned in a process that stays, or use a kind of program that has links: tracepoints, kprobes, uprobes and perf_event from Linux 5.15 on, xdp from 5.9, tc from 6.6 (tcx).");
    }
}
