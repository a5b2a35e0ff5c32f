using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Bee.Ebpf.Events;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Programs;
using Bee.Ebpf.Records;
using Bee.Posix;
using Microsoft.Win32.SafeHandles;

namespace Bee.Ebpf;

/// <summary>A program that <see cref="BpfSession.Pin"/> keeps running without a process: a folder on the BPF file system.</summary>
[SupportedOSPlatform("linux")]
public sealed class PinnedProgram
{
    private readonly PinState _state;

    internal PinnedProgram(string folder, PinState state)
    {
        Folder = folder;
        _state = state;
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>Name, origin, what streams.</summary>
    public PinDetails Details => _state.Details;

    /// <summary>The object file that it was loaded from.</summary>
    public ObjectFile File => _state.File;

    /// <summary>Tells it from another program that was pinned at the same path before or after.</summary>
    public Guid Id => _state.Id;

    /// <summary>Opens the pins of a session and reads their details.</summary>
    /// <param name="name">The name or the absolute path that <see cref="BpfSession.Pin"/> was given.</param>
    /// <exception cref="PinException">The folder does not exist, Bee did not create it, another user could have changed it, or this process may not read it.</exception>
    /// <exception cref="BpfLoadException">libbpf is missing.</exception>
    public static PinnedProgram Open(string name) => OpenFolder(PinPath.Resolve(name));

    private static PinnedProgram OpenFolder(string folder)
    {
        if (FileStatus.Of(folder, followLink: false) is null)
        {
            throw PinException.Of(Marshal.GetLastPInvokeError(), "look at", folder);
        }

        PinPath.CheckFileSystem(folder);
        PinPath.CheckTrusted(folder);
        try
        {
            using var map = PinnedObjects.OpenPin($"{folder}/{PinNames.State}", KernelObjectKind.Map);
            return new PinnedProgram(folder, StateMap.Read(map.Number) is { } bytes && PinState.Decode(bytes) is { } state ? state : throw Foreign(folder, "its description is damaged"));
        }
        catch (PinException e) when (e.Fault == PinFault.NotFound)
        {
            throw Foreign(folder, "it has no description, so something else made it, or Bee was interrupted when it did");
        }
    }

    /// <summary>Whether a folder has folders in it that are none of the parts of one program, so that it is one to look for programs in.</summary>
    /// <param name="folder">The folder.</param>
    public static bool HasProgramFolders(string folder)
    {
        try
        {
            return Directory.EnumerateDirectories(folder).Any(path => Path.GetFileName(path) is not (PinNames.Links or PinNames.Maps or PinNames.Programs));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>The folders of pinned programs in a folder; of those that are none (anything may be on the BPF file system), why.</summary>
    /// <param name="folder">Where to look.</param>
    /// <returns>Sorted by name; empty where there is no such folder.</returns>
    /// <exception cref="PinException">The folder cannot be looked into.</exception>
    public static IReadOnlyList<(string Folder, PinnedProgram? Program, Exception? Fault)> List(string folder = PinPath.DefaultFolder)
    {
        string[] entries;
        try
        {
            entries = Directory.GetFileSystemEntries(folder);
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw PinException.Of(e is UnauthorizedAccessException ? Libc.EACCES : e.HResult, "look into", folder);
        }

        Array.Sort(entries, StringComparer.Ordinal);
        var found = new List<(string, PinnedProgram?, Exception?)>();
        foreach (var entry in entries)
        {
            try
            {
                found.Add((entry, OpenFolder(entry), null));
            }
            catch (Exception e) when (e is PinException or BpfLoadException)
            {
                found.Add((entry, null, e));
            }
        }

        return found;
    }

    /// <summary>
    /// Opens the maps and programs as a session that is attached already. Disposing of it closes them here; the program goes on.
    /// </summary>
    /// <exception cref="PinException">A pin is missing or is not what was pinned.</exception>
    public BpfSession OpenSession()
    {
        PinPath.CheckTrusted(Folder);
        RecordType.Prepare(File);
        var owner = new PinnedObjects();
        try
        {
            var maps = PinFolder.List(Folder, PinNames.Maps);
            var programs = PinFolder.List(Folder, PinNames.Programs);
            var opened = new List<BpfMap>();
            foreach (var map in File.Maps)
            {
                // The sections come before their variables.
                if (map.Place is null ? maps.Contains(PinNames.Of(map.Name)) : opened.Exists(section => section.Name == map.Place.Section))
                {
                    opened.Add(map.Place is null ? OpenMap(owner, map) : new BpfMap(owner, opened.Find(section => section.Name == map.Place.Section)!.Fd, map) { File = File });
                }
            }

            return new BpfSession(
                this,
                owner,
                opened,
                [.. File.Programs.Where(program => programs.Contains(PinNames.Of(program.Name))).Select(program => OpenProgram(owner, program))]);
        }
        catch
        {
            owner.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Takes the pins away, which detaches the program and frees it, unless another process has it open: one that runs Bee lets go at once.
    /// </summary>
    /// <param name="patience">How long to wait until the kernel has freed the programs; by default not at all.</param>
    /// <returns>The kernel's ids of programs that are there all the same, because somebody holds them. Empty where the pins had gone already.</returns>
    /// <exception cref="PinException">Something could not be taken away.</exception>
    public IReadOnlyList<int> Remove(TimeSpan patience = default)
    {
        if (!IsThere())
        {
            return [];
        }

        var ids = Ids();
        if (PinFolder.Remove(Folder) is { } left)
        {
            throw left;
        }

        // The kernel frees a program some time after its last reference has gone.
        SpinWait.SpinUntil(
            () =>
            {
                ids.RemoveAll(id => !KernelIds.IsProgram(id));
                if (ids.Count > 0)
                {
                    Thread.Sleep(5);
                }

                return ids.Count == 0;
            },
            patience);
        return ids;
    }

    /// <summary>Keeps other processes from reading the program's events: a ring or perf buffer has one reader.</summary>
    /// <returns>The lock. Disposing it releases it, also for a child process that has inherited the fd; so does the end of this process.</returns>
    /// <exception cref="PinException">Another process has it (<see cref="PinFault.InUse"/>).</exception>
    public IDisposable Lock()
    {
        var fd = Libc.open(Folder, Libc.O_CLOEXEC, 0);
        return fd < 0
            ? throw PinException.Of(Marshal.GetLastPInvokeError(), "lock", Folder)
            : FileLock.TryTake(new SafeFileHandle(fd, ownsHandle: true), Folder) ?? throw new PinException(
                PinFault.InUse, Folder, $"Another process reads the events of '{Folder}', and an event is read once.", "End reading there, or that process. Maps can be read all the same.");
    }

    // Another program may have been pinned at the same path since.
    private bool IsThere()
    {
        try
        {
            return OpenFolder(Folder).Id == Id;
        }
        catch (PinException e) when (e.Fault == PinFault.NotFound)
        {
            return false;
        }
    }

    private List<int> Ids()
    {
        var ids = new List<int>();
        foreach (var name in PinFolder.List(Folder, PinNames.Programs))
        {
            try
            {
                ids.Add(IdOf($"{Folder}/{PinNames.Programs}/{name}", KernelObjectKind.Program));
            }
            catch (PinException)
            {
                // It goes without being watched.
            }
        }

        return ids;
    }

    private BpfMap OpenMap(PinnedObjects owner, MapDescription map)
    {
        var path = $"{Folder}/{PinNames.Maps}/{PinNames.Of(map.Name)}";
        var fd = owner.Open(path, KernelObjectKind.Map);
        // Reading goes by the declared sizes into memory of our own: the kernel writes the true ones.
        return KernelObject.FactsOfMap(fd) is { } facts && Fits(facts, map)
            ? new BpfMap(owner, fd, map.Type == MapType.RingBuffer ? map : map.WithEntries(facts.MaxEntries)) { File = File }
            : throw Foreign(path, "it is not the map that the program was loaded with");
    }

    private static bool Fits(MapFacts facts, MapDescription map) => facts.Type == map.Type && map.Type switch
    {
        MapType.RingBuffer => facts.MaxEntries == RingBuffer.SizeInKernel(map.MaxEntries),
        MapType.PerfEventArray => facts is { KeySize: sizeof(int), ValueSize: sizeof(int) },
        MapType.Array or MapType.PerCpuArray => facts.KeySize == map.KeySize && facts.ValueSize == map.ValueSize && facts.MaxEntries == map.MaxEntries,
        _ => facts.KeySize == map.KeySize && facts.ValueSize == map.ValueSize,
    };

    private BpfProgram OpenProgram(PinnedObjects owner, ProgramDescription program)
    {
        var path = $"{Folder}/{PinNames.Programs}/{PinNames.Of(program.Name)}";
        var links = PinFolder.List(Folder, PinNames.Links).Where(name => PinNames.IsLinkOf(name, program.Name)).Select(name => $"{Folder}/{PinNames.Links}/{name}").ToArray();
        return new BpfProgram(
            owner,
            program,
            IdOf(path, KernelObjectKind.Program),
            [.. links.Select(link => IdOf(link, KernelObjectKind.Link))],
            program.Kind == ProgramKinds.RunOnRequest ? owner.Open(path, KernelObjectKind.Program) : -1,
            program.Kind == ProgramKinds.Iterator && links.Length > 0 ? owner.Open(links[0], KernelObjectKind.Link) : -1);
    }

    private static int IdOf(string path, KernelObjectKind kind)
    {
        using var fd = PinnedObjects.OpenPin(path, kind);
        return KernelIds.Of(fd.Number);
    }

    private static PinException Foreign(string path, string why) => new(
        PinFault.Foreign, path, $"'{path}' holds no program that Bee pinned: {why}.", $"Leave it, or remove it by hand as root: rm -r {path}");
}
