using System.Runtime.InteropServices;
using System.Text;
using Bee.Ebpf.Checks;
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
using Bee.Posix;

namespace Bee.Ebpf;

/// <summary>An object file that is loaded into the kernel. Disposing of it detaches and unloads everything.</summary>
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

    private BpfSession(ObjectFile file, BpfSessionOptions options, AttachTargets? places, ObjectHandle handle, IReadOnlyList<(string Map, string Path)> missingPins)
    {
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
        _pins = NamedPins.Of(missingPins, maps);
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

    /// <summary>Sets parameters, creates the maps and loads the programs. Nothing runs yet.</summary>
    /// <param name="file">The object file.</param>
    /// <param name="options">Parameters and what <see cref="Attach"/> uses.</param>
    /// <exception cref="BpfLoadException">It cannot be loaded; nothing is left behind.</exception>
    /// <exception cref="BpfParameterException">No parameters are given, and a default of the author's does not fit.</exception>
    /// <exception cref="ArgumentException">The parameters are bound to another object.</exception>
    public static BpfSession Load(ObjectFile file, BpfSessionOptions options)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(options);
        CheckParameters(file, options);
        CheckNames(file, options);
        file = ProgramChoice.WithOptions(file, options);
        SupportedKinds.Check(file);
        return Load(file, options, attachable: true);
    }

    /// <summary>Loads some of an object's programs. None of them can be attached, so they may be of any kind, and need no target.</summary>
    /// <exception cref="BpfLoadException">They cannot be loaded; nothing is left behind.</exception>
    internal static BpfSession LoadUnattached(ObjectFile file, Func<ProgramDescription, bool> load, BpfSessionOptions options)
    {
        CheckParameters(file, options);
        file = file.WithMetadata(new ObjectMetadata { Programs = file.Programs.ToDictionary(p => p.Name, p => new ProgramMetadata { Load = load(p) }) });
        return Load(file, options, attachable: false);
    }

    private static BpfSession Load(ObjectFile file, BpfSessionOptions options, bool attachable)
    {
        KernelEnums.Apply(file);
        RecordType.Prepare(file);
        var parameters = options.Parameters ?? file.BindParameters();
        file = WithSizes(file.WithSizedMaps(parameters), options.MapSizes);
        Libbpf.Require();
        using var scope = LibbpfLog.Capture(options.Log);
        if (attachable)
        {
            file = ProgramChoice.Make(file, options);
            RecordReads.Check(file, parameters);
        }

        var places = attachable ? AttachTargets.Find(file, options) : null;
        ObjectHandle? handle = null;
        try
        {
            handle = Prepare(file, options, parameters, scope.Log);
            using var verdicts = new VerifierLogs(handle, [.. file.Programs.Where(p => p.AutoLoad).Select(p => p.Name)], VerifierLogs.Verdicts, VerifierLogs.VerdictSize);
            var missingPins = NamedPins.Missing(file);
            var result = LoadObject(handle);
            return result == 0 ? new BpfSession(file, options, places, handle, missingPins)
                : throw LoadFailure.Explain(file, -result, scope.Log.Text, verdicts.Of, program => Trace(file, options, parameters, program));
        }
        catch
        {
            handle?.Dispose();
            places?.Dispose();
            throw;
        }
    }

    private static ObjectHandle Prepare(ObjectFile file, BpfSessionOptions options, BoundParameters parameters, LibbpfLog log)
    {
        var handle = Open(file, log);
        try
        {
            ObjectSetup.AdjustMaps(handle, file);
            ProgramSetup.Adjust(handle, file, options);
            ObjectSetup.WriteParameters(handle, file, parameters);
            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    // Loads once more for the instructions that the verifier followed before it rejected a program. libbpf loads an object only once.
    private static (string Log, bool IsCut) Trace(ObjectFile file, BpfSessionOptions options, BoundParameters parameters, string program)
    {
        using var scope = LibbpfLog.Capture(null);
        using var handle = Prepare(file, options, parameters, scope.Log);
        using var logs = new VerifierLogs(handle, [program], VerifierLogs.Instructions, VerifierLogs.InstructionsSize);
        var isCut = LoadObject(handle) == -Libc.ENOSPC;
        var log = logs.Of(program);
        foreach (var line in options.Log is null ? [] : log.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            options.Log!(line);
        }

        return (log, isCut);
    }

    private static void CheckParameters(ObjectFile file, BpfSessionOptions options)
    {
        if (options.Parameters?.AreOf(file) == false)
        {
            throw new ArgumentException($"The parameters are bound to another object than {file.Name}.", nameof(options));
        }
    }

    private static int LoadObject(ObjectHandle handle)
    {
        using var held = ChildSignals.Hold();
        return LibbpfCalls.bpf_object__load(handle);
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

    private static void CheckNames(ObjectFile file, BpfSessionOptions options)
    {
        if (options.AttachTo.Keys.Concat(options.Load.Keys).FirstOrDefault(name => file.Programs.All(p => p.Name != name)) is { } unknown)
        {
            throw new BpfLoadException(LoadFault.BadParameter, $"{(options.AttachTo.ContainsKey(unknown) ? "A target is given for" : "The options name")} program '{unknown}', which {file.Name} does not have.")
            {
                Suggestions = Suggest.Nearest(unknown, file.Programs.Select(p => p.Name), 5),
                Remedy = $"Its programs are {string.Join(", ", file.Programs.Select(p => p.Name))}.",
            };
        }
    }

    private static ObjectFile WithSizes(ObjectFile file, IReadOnlyDictionary<string, uint> sizes)
    {
        foreach (var (name, entries) in sizes)
        {
            var map = file.Maps.FirstOrDefault(map => map.Name == name);
            if ((map is null ? $"{file.Name} has no map '{name}'." : MapSizes.WhyNot(map, entries)) is { } why)
            {
                throw new BpfLoadException(LoadFault.MapSize, $"A map cannot have the size that is given: {why}")
                {
                    Suggestions = map is null ? Suggest.Nearest(name, file.Maps.Where(m => !m.IsInternal).Select(m => m.Name), 5) : [],
                };
            }
        }

        file = sizes.Count == 0 ? file : file.WithMetadata(new ObjectMetadata { Maps = sizes.ToDictionary(size => size.Key, size => new MapMetadata { Entries = size.Value }) });
        ObjectSetup.CheckSizes(file);
        return file;
    }

    private static unsafe ObjectHandle Open(ObjectFile file, LibbpfLog log)
    {
        // libbpf names the maps of globals after the object, within 15 characters: keep it to what the kernel takes in a name.
        var name = new StringBuilder();
        foreach (var c in Path.GetFileNameWithoutExtension(file.Name))
        {
            if (char.IsAsciiLetterOrDigit(c) || c == '_')
            {
                name.Append(c);
            }
        }

        var nameBytes = Encoding.ASCII.GetBytes((name.Length == 0 ? "bee" : name.ToString()) + '\0');
        var image = ProgramReader.WithGlobalPrograms(file);
        fixed (byte* bytes = image.Span, nameStart = nameBytes)
        {
            var options = new LibbpfCalls.OpenOptions { Size = (nuint)sizeof(LibbpfCalls.OpenOptions), ObjectName = nameStart };
            var pointer = LibbpfCalls.bpf_object__open_mem(bytes, (nuint)image.Length, &options);
            return pointer != 0 ? new ObjectHandle(pointer) : throw LoadFailure.ExplainOpen(file, Marshal.GetLastPInvokeError(), log.Text);
        }
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
