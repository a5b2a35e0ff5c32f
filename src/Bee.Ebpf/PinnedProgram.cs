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

/// <summary>The pins of a session in a folder on the BPF file system (<see cref="BpfSession.Pin"/>). They keep its programs running without a process.</summary>
[SupportedOSPlatform("linux")]
public sealed class PinnedProgram
{
    private readonly PinState _state;

    internal PinnedProgram(string folder, PinState state)
    {
        Folder = folder;
        _state = state;
    }

    /// <summary>The path of the folder with the pins.</summary>
    public string Folder { get; }

    /// <summary>The details that were given to <see cref="BpfSession.Pin"/>.</summary>
    public PinDetails Details => _state.Details;

    /// <summary>The object that was loaded.</summary>
    public ObjectFile File => _state.File;

    /// <summary>Distinguishes these pins from others that had the same path before or later.</summary>
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
            throw PinException.Of(Marshal.GetLastPInvokeError(), "inspect", folder);
        }

        PinPath.CheckFileSystem(folder);
        PinPath.CheckTrusted(folder);
        try
        {
            using var map = PinnedObjects.OpenPin($"{folder}/{PinNames.State}", KernelObjectKind.Map);
            return new PinnedProgram(folder, StateMap.Read(map.Number) is { } bytes && PinState.Decode(bytes) is { } state ? state : throw Foreign(folder, "its state is damaged"));
        }
        catch (PinException e) when (e.Fault == PinFault.NotFound)
        {
            throw Foreign(folder, "it does not contain the state of a session: another program created it, or Bee was interrupted");
        }
    }

    /// <summary>Reports whether a folder contains other folders than the parts of one pinned session, and so may contain several.</summary>
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

    /// <summary>Returns the pinned sessions in a folder. An entry that is not one has a fault instead.</summary>
    /// <param name="folder">The folder to search.</param>
    /// <returns>The entries, sorted by name; empty if the folder does not exist.</returns>
    /// <exception cref="PinException">The folder cannot be read.</exception>
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
            throw PinException.Of(e is UnauthorizedAccessException ? Libc.EACCES : e.HResult, "read", folder);
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
    /// Opens the maps and programs as a session. Disposing that session closes them in this process; the programs stay attached.
    /// </summary>
    /// <exception cref="PinException">A pin is missing or is not the one that was created.</exception>
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
                // Sections precede their variables.
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
    /// Removes the pins. The kernel then detaches and frees the programs, unless another process has their links open.
    /// </summary>
    /// <param name="patience">How long to wait until the kernel has freed the programs; by default not at all.</param>
    /// <returns>The kernel's ids of programs that still exist after that time. Empty if the pins were removed before.</returns>
    /// <exception cref="PinException">A pin could not be removed.</exception>
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

        // The kernel frees a program some time after its last reference is dropped.
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

    /// <summary>Locks the events against other processes, because a ring or perf buffer supports one reader.</summary>
    /// <returns>The lock. Disposing it releases it, even if a child process has inherited the fd; so does the exit of this process.</returns>
    /// <exception cref="PinException">Another process holds the lock (<see cref="PinFault.InUse"/>).</exception>
    public IDisposable Lock()
    {
        var fd = Libc.open(Folder, Libc.O_CLOEXEC, 0);
        return fd < 0
            ? throw PinException.Of(Marshal.GetLastPInvokeError(), "lock", Folder)
            : FileLock.TryTake(new SafeFileHandle(fd, ownsHandle: true), Folder) ?? throw new PinException(
                PinFault.InUse, Folder, $"Another process reads the events of '{Folder}', and reading removes them.", "Stop reading there, or stop that process. Maps can still be read.");
    }

    // Another session may have been pinned to the same path since.
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
                // A program without a readable pin is not waited for.
            }
        }

        return ids;
    }

    private BpfMap OpenMap(PinnedObjects owner, MapDescription map)
    {
        var path = $"{Folder}/{PinNames.Maps}/{PinNames.Of(map.Name)}";
        var fd = owner.Open(path, KernelObjectKind.Map);
        // Buffers have the declared sizes, so a map with other sizes would overrun them.
        return KernelObject.FactsOfMap(fd) is { } facts && Fits(facts, map)
            ? new BpfMap(owner, fd, map.Type == MapType.RingBuffer ? map : map.WithEntries(facts.MaxEntries)) { File = File }
            : throw Foreign(path, "it is not the map that was pinned");
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
        PinFault.Foreign, path, $"'{path}' was not created by Bee: {why}.", $"Leave it, or remove it as root: rm -r {path}");
}
