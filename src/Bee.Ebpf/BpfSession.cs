using System.Diagnostics.CodeAnalysis;
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

/// <summary>An object that is loaded into the kernel: its maps and its programs. Disposing the session detaches and unloads them.</summary>
/// <remarks>
/// Dispose sessions. A session that is only garbage-collected detaches its programs at some later time, and before Linux 6.6 its tc filters stay until the process exits.
/// </remarks>
/// <example>
/// <code>
/// using var session = BpfSession.Load(ObjectFile.Read("opensnoop.bpf.o"), new() { Parameters = { ["target_pid"] = 42 } });
/// session.Attach();
/// </code>
/// </example>
[SupportedOSPlatform("linux")]
public sealed class BpfSession : IDisposable
{
    private readonly object _gate = new();
    private readonly SafeHandle _object;
    // Null if the programs cannot be attached: they are pinned, or loaded for test runs.
    private readonly SessionLinks? _links;
    private readonly List<EventReader> _readers = [];
    private readonly List<IDisposable> _kept = [];
    // Records files from the start: a stack may be symbolized after its process has exited.
    private readonly IDisposable? _watch;
    private readonly NamedPins? _namedPins;
    private bool _disposed;

    private BpfSession(LoadResult loaded)
    {
        var (file, handle) = (loaded.File, loaded.Handle);
        File = file;
        _object = handle;
        var maps = new List<BpfMap>(file.Maps.Count);
        foreach (var map in file.Maps)
        {
            if (LibbpfCalls.bpf_object__find_map_by_name(handle, map.Place?.Section ?? map.Name) is not 0 and var pointer && LibbpfCalls.bpf_map__fd(pointer) is >= 0 and var fd)
            {
                maps.Add(new BpfMap(handle, fd, map) { File = file });
            }
        }

        _links = loaded.Targets is { } targets ? new SessionLinks(handle, file, loaded.Options, targets, maps) : null;
        var programs = new List<BpfProgram>(file.Programs.Count);
        foreach (var program in file.Programs)
        {
            if (LibbpfCalls.bpf_object__find_program_by_name(handle, program.Name) is not 0 and var pointer)
            {
                programs.Add(new BpfProgram(handle, pointer, program)
                {
                    Attacher = _links is null ? null : _links.Attach,
                    IsMulti = ProgramSetup.IsMulti(program, loaded.Options),
                    TargetMap = maps.Find(map => map.Name == loaded.Targets?.MapOf(program)),
                });
            }
        }

        StackSource.Join(maps);
        _watch = Watch(maps);
        Maps = maps;
        Programs = programs;
        _namedPins = NamedPins.Of(loaded.MissingPins, maps);
        if (maps.Exists(map => map.Description.Type == MapType.StackTrace))
        {
            LoadedCode.Note(programs.Where(program => program.IsLoaded).Select(program => (program.Id, program.Name)));
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
        _object = owner;
    }

    /// <summary>The object.</summary>
    public ObjectFile File { get; }

    /// <summary>The maps, in the order of the object. Maps that no loaded program uses may be missing.</summary>
    public IReadOnlyList<BpfMap> Maps { get; }

    /// <summary>The programs, in the order of the object, including those that are not loaded.</summary>
    public IReadOnlyList<BpfProgram> Programs { get; }

    /// <summary>The pins of this session; null if it is not pinned, or after <see cref="Detach"/> has removed them.</summary>
    public PinnedProgram? Pinned { get; private set; }

    /// <summary>Sets parameters, creates the maps and loads the programs. No program runs before it is attached.</summary>
    /// <param name="file">The object.</param>
    /// <param name="options">Parameters, sizes of maps and attach targets; null for those that the object declares.</param>
    /// <exception cref="BpfLoadException">The options do not suit the object, or the kernel rejects a map or a program; nothing is left behind.</exception>
    /// <exception cref="BpfParameterException">The object has no parameter of a given name, or a value does not suit its type.</exception>
    public static BpfSession Load(ObjectFile file, BpfSessionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(file);
        return Of(ObjectLoader.Load(file, options ?? new BpfSessionOptions()));
    }

    /// <summary>Loads some of an object's programs for test runs. They cannot be attached, so they may be of any kind and need no target.</summary>
    /// <exception cref="BpfLoadException">The kernel rejects a map or a program; nothing is left behind.</exception>
    internal static BpfSession LoadUnattached(ObjectFile file, Func<ProgramDescription, bool> load, BpfSessionOptions options)
    {
        file = file.WithMetadata(new ObjectMetadata { Programs = file.Programs.ToDictionary(p => p.Name, p => new ProgramMetadata { Load = load(p) }) });
        return Of(ObjectLoader.LoadUnattached(file, options));
    }

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
    /// <exception cref="BpfNotFoundException">The object has no map of this name, or no loaded program uses the map.</exception>
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

    /// <summary>
    /// Attaches every loaded program that is not attached yet. Iterators run when they are read and <c>syscall</c> programs on request
    /// (<see cref="BpfProgram.TestRun"/>), so these are left out. <see cref="BpfProgram.Attach()"/> attaches a single program.
    /// </summary>
    /// <exception cref="BpfLoadException">A program cannot be attached; those that this call attached before are detached again.</exception>
    /// <exception cref="InvalidOperationException">The session was opened from pins, or loaded for test runs.</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed, perhaps by another thread during the call.</exception>
    public void Attach() =>
        (_links ?? throw new InvalidOperationException("The programs cannot be attached: the session was opened from pins, or loaded for test runs. Load the object again with Load to attach its programs.")).AttachAll(Programs);

    /// <summary>
    /// Opens a reader. Open it before <see cref="Attach"/> so that no event of a perf buffer is missed. Only one reader may read a given
    /// ring or perf buffer, because reading consumes the events.
    /// </summary>
    /// <param name="options">What to read.</param>
    /// <exception cref="BpfLoadException">A buffer cannot be mapped.</exception>
    /// <exception cref="InvalidOperationException">A selected perf event array has another reader or an event stream, which would get no more events.</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    [RequiresDynamicCode(DynamicCode.Reason)]
    public EventReader OpenReader(EventReaderOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        using var lease = new Lease(_object, typeof(BpfSession));
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
        throw new ObjectDisposedException(typeof(BpfSession).FullName);
    }

    /// <summary>Returns the events of a ring buffer or perf event array as objects. For a perf event array call this before <see cref="Attach"/>, so that no event is lost.</summary>
    /// <param name="map">The map's name.</param>
    /// <exception cref="BpfNotFoundException">The object has no map of this name.</exception>
    /// <exception cref="BpfMapException">The map holds entries.</exception>
    /// <exception cref="BpfLoadException">The buffer cannot be mapped.</exception>
    /// <exception cref="InvalidOperationException">The map is a perf event array, and an <see cref="EventReader"/> has opened its buffers.</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    [RequiresDynamicCode(DynamicCode.Reason)]
    public EventStream Events(string map) => new(new LoadedObject(File, Maps, Programs), this, Map(map));

    /// <summary>Returns the events of a ring buffer or perf event array as values of a struct that mirrors the C struct.</summary>
    /// <typeparam name="T">The struct.</typeparam>
    /// <inheritdoc cref="Events"/>
    /// <exception cref="BpfMapException">The map holds entries, or the struct has another layout than the C struct.</exception>
    public EventStream<T> Events<[DynamicallyAccessedMembers(StructCheck.Fields)] T>(string map)
        where T : unmanaged => new(new LoadedObject(File, Maps, Programs), this, Map(map));

    /// <summary>Returns a map with typed keys and values.</summary>
    /// <typeparam name="TKey">The type of a key: an integer, an enum, or a struct that mirrors the C struct.</typeparam>
    /// <typeparam name="TValue">The type of a value; of a per-CPU map that of one CPU.</typeparam>
    /// <param name="map">The map's name.</param>
    /// <exception cref="BpfNotFoundException">The object has no map of this name.</exception>
    /// <exception cref="BpfMapException">The map has no entries, or keys or values have another layout.</exception>
    public BpfMap<TKey, TValue> Map<[DynamicallyAccessedMembers(StructCheck.Fields)] TKey, [DynamicallyAccessedMembers(StructCheck.Fields)] TValue>(string map)
        where TKey : unmanaged
        where TValue : unmanaged => new(Map(map));

    /// <summary>
    /// Pins the links, maps and programs to a new folder on the BPF file system. They then live until <see cref="PinnedProgram.Remove"/>, even after this session is disposed and the process
    /// has exited.
    /// </summary>
    /// <param name="name">A name of letters, digits, <c>_</c> and <c>-</c>, for a folder in <c>/sys/fs/bpf/bee</c>; or the absolute path of the folder.</param>
    /// <param name="details">The details to keep with the pins; null for the name, the object's name and the current time.</param>
    /// <exception cref="PinException">The session cannot be pinned; no pin is left behind, and the session remains usable.</exception>
    /// <exception cref="BpfLoadException">The kernel does not create the map that holds the details; the same applies.</exception>
    /// <exception cref="InvalidOperationException">No program is attached, or the session is pinned already.</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    public PinnedProgram Pin(string name, PinDetails? details = null)
    {
        var folder = PinPath.Resolve(name);
        using var lease = new Lease(_object, typeof(BpfSession));
        var links = _links?.Attached ?? [];
        if (Pinned is not null || (links.Length == 0 && Programs.Any(program => program.IsLoaded && program.Description.KindRow.Method != AttachMethod.None)))
        {
            throw new InvalidOperationException(Pinned is null ? "No program is attached, so there is nothing to pin. Attach the session first." : $"The session is pinned already, to {Pinned.Folder}.");
        }

        var pinned = PinWriter.Write(folder, details ?? new PinDetails { Name = Path.GetFileName(folder), Origin = File.Name, Started = DateTime.UtcNow }, new LoadedObject(File, Maps, Programs), links);
        _links?.SetPinned(true);
        return Pinned = pinned;
    }

    /// <summary>
    /// Detaches every program and removes the pins, if there are any. Maps, programs and readers remain until the session is disposed, so buffered events can still be read, and
    /// programs can be attached again. Thread-safe; further calls have no effect.
    /// </summary>
    /// <exception cref="PinException">The links are detached in this process, but the pins cannot be removed and keep the programs attached.</exception>
    public void Detach()
    {
        _links?.SetPinned(false);
        _links?.Detach();
        Pinned?.Remove();
        Pinned = null;
    }

    /// <summary>Keeps a resource until the session is disposed. Resources are disposed after the readers, the last one first.</summary>
    /// <param name="resource">The resource; disposed at once if the session is disposed already.</param>
    internal void Keep(IDisposable resource)
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                _kept.Add(resource);
                return;
            }
        }

        resource.Dispose();
    }

    /// <summary>Makes disposing detach the programs although they are pinned. Call it when the pins are removed, or about to be.</summary>
    internal void ForgetPins() => _links?.SetPinned(false);

    /// <summary>
    /// Detaches every program, unless it is pinned, and frees the maps and programs. A running reader stops first, and its buffers are freed when it has returned.
    /// Thread-safe; further calls have no effect.
    /// </summary>
    public void Dispose()
    {
        EventReader[] readers;
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            readers = [.. _readers];
            _readers.Clear();
        }

        _links?.Dispose();
        foreach (var reader in readers)
        {
            reader.Dispose();
        }

        for (var i = _kept.Count - 1; i >= 0; i--)
        {
            _kept[i].Dispose();
        }

        foreach (var map in Maps)
        {
            map.Buffer.Close();
        }

        // Pinned programs go on using their maps.
        if (Pinned is null)
        {
            _namedPins?.Remove(Programs.Where(program => program.IsLoaded).Select(program => program.Id).ToHashSet());
        }

        _watch?.Dispose();
        _object.Dispose();
    }

    private static BpfSession Of(LoadResult loaded)
    {
        try
        {
            return new BpfSession(loaded);
        }
        catch
        {
            loaded.Dispose();
            throw;
        }
    }

    private static IDisposable? Watch(IEnumerable<BpfMap> maps) => maps.Any(map => map.Description.KeepsBuildIds) ? SeenFiles.Watch() : null;
}
