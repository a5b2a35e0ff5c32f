using System.Runtime.InteropServices;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Links;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Programs;

namespace Bee.Ebpf;

/// <summary>Attaches the programs of a session and owns their links. Thread-safe.</summary>
internal sealed class SessionLinks : IDisposable
{
    private readonly object _gate = new();
    // Serializes attaching. Dispose does not wait for it.
    private readonly object _attachGate = new();
    private readonly List<BpfLink> _links = [];
    private readonly SafeHandle _object;
    private readonly ObjectFile _file;
    private readonly AttachOptions _options;
    private readonly AttachTargets _targets;
    private readonly IReadOnlyList<BpfMap> _maps;
    private volatile bool _disposed;

    /// <param name="handle">Keeps the fds of the programs open.</param>
    /// <param name="file">The object.</param>
    /// <param name="options">How programs are attached.</param>
    /// <param name="targets">The attach targets that the options and the object name; disposed with this.</param>
    /// <param name="maps">The maps of the session.</param>
    public SessionLinks(SafeHandle handle, ObjectFile file, AttachOptions options, AttachTargets targets, IReadOnlyList<BpfMap> maps)
    {
        _object = handle;
        _file = file;
        _options = options;
        _targets = targets;
        _maps = maps;
    }

    /// <summary>The links that hold a program attached.</summary>
    public BpfLink[] Attached
    {
        get
        {
            lock (_gate)
            {
                return [.. _links.Where(link => link.IsAttached)];
            }
        }
    }

    /// <summary>Attaches one program.</summary>
    /// <param name="program">The program.</param>
    /// <param name="target">The target, as a section would name it; null for the target of the options or the object.</param>
    /// <exception cref="BpfLoadException">The program cannot be attached; nothing of it is left attached.</exception>
    /// <exception cref="InvalidOperationException">The program is not loaded, is not of a kind that is attached, or was bound to another target when it was loaded.</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    public BpfLink Attach(BpfProgram program, string? target)
    {
        lock (_attachGate)
        {
            ObjectDisposedException.ThrowIf(_disposed, typeof(BpfSession));
            using var lease = new Lease(_object, typeof(BpfSession));
            Check(program, target);
            if (target is null)
            {
                return Attach(program, program, _options, _targets);
            }

            var options = _options with { AttachTo = new Dictionary<string, string> { [program.Name] = target } };
            var description = program.Description.WithMetadata(new ProgramMetadata { AttachTo = target });
            using var targets = AttachTargets.Find(description, _file, options);
            return Attach(program, program.With(description, _maps.FirstOrDefault(map => map.Name == targets.MapOf(description))), options, targets);
        }
    }

    /// <summary>Attaches every loaded program that can be attached and is not attached yet. If one fails, those that this call attached are detached again.</summary>
    /// <exception cref="BpfLoadException">A program cannot be attached.</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    public void AttachAll(IReadOnlyList<BpfProgram> programs)
    {
        lock (_attachGate)
        {
            ObjectDisposedException.ThrowIf(_disposed, typeof(BpfSession));
            var attached = Attached.Select(link => link.Program).ToHashSet();
            var made = new List<BpfLink>();
            try
            {
                // A socket gets the programs that its map has when the socket is added, so these are attached before the programs that add sockets.
                foreach (var program in programs.Where(p => p.IsLoaded && p.Description.KindRow.Method != AttachMethod.None && !attached.Contains(p))
                    .OrderBy(p => p.Description.KindRow.Method != AttachMethod.SocketMap))
                {
                    made.Add(Attach(program, null));
                }
            }
            catch
            {
                BpfLink.Detach(made);
                throw;
            }
        }
    }

    /// <summary>Detaches all programs. They can be attached again.</summary>
    public void Detach()
    {
        BpfLink[] links;
        lock (_gate)
        {
            links = [.. _links];
            _links.Clear();
        }

        BpfLink.Detach(links);
    }

    /// <summary>Sets whether pins keep the programs attached when their links are disposed.</summary>
    public void SetPinned(bool isPinned)
    {
        foreach (var link in Attached.SelectMany(link => link.Links).OfType<LinkHandle>())
        {
            link.IsPinned = isPinned;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        Detach();
        _targets.Dispose();
    }

    private static void Check(BpfProgram program, string? target)
    {
        var description = program.Description;
        if (!program.IsLoaded)
        {
            throw new InvalidOperationException($"Program '{program.Name}' ({program.SectionName}) is not loaded: it is optional, or left out. BpfSessionOptions.Load includes it.");
        }

        if (description.KindRow.Method == AttachMethod.None)
        {
            throw new InvalidOperationException($"Program '{program.Name}' ({program.SectionName}) cannot be attached: {(description.IsIterator ? "an iterator runs when it is read" : "programs of this kind run on request (TestRun)")}.");
        }

        if (target is not null && description.KindRow.BindsAtLoad && target != description.BoundTo)
        {
            throw new InvalidOperationException($"Program '{program.Name}' ({program.SectionName}) was bound to '{description.BoundTo}' when it was loaded. BpfSessionOptions.AttachTo names another target before that.");
        }
    }

    /// <param name="program">The program that the link is of.</param>
    /// <param name="targeted">The same program with the description of its target.</param>
    /// <param name="options">How it is attached.</param>
    /// <param name="targets">Its attach targets.</param>
    /// <returns>The link, which the session keeps.</returns>
    private BpfLink Attach(BpfProgram program, BpfProgram targeted, AttachOptions options, AttachTargets targets)
    {
        var made = new List<ILink>();
        BpfLink attached;
        try
        {
            foreach (var link in Attacher.Attach(targeted, options, targets))
            {
                made.Add(link);
                ObjectDisposedException.ThrowIf(_disposed, typeof(BpfSession));
            }

            attached = new BpfLink(program, [.. made]);
        }
        catch
        {
            Detaching.All(made);
            throw;
        }

        return Keep(attached);
    }

    private BpfLink Keep(BpfLink link)
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                _links.RemoveAll(one => !one.IsAttached);
                _links.Add(link);
                return link;
            }
        }

        link.Dispose();
        throw new ObjectDisposedException(typeof(BpfSession).FullName);
    }
}
