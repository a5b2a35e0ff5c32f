namespace Bee.Ebpf;

/// <summary>An object file that is loaded into the kernel. Disposing of it detaches and unloads everything.</summary>
public sealed class BpfSession : IDisposable
{
    /// <summary>The object file.</summary>
    public ObjectFile File => throw new NotImplementedException();

    /// <summary>Its maps, in the object file's order.</summary>
    public IReadOnlyList<BpfMap> Maps => throw new NotImplementedException();

    /// <summary>Its programs, in the object file's order.</summary>
    public IReadOnlyList<BpfProgram> Programs => throw new NotImplementedException();

    /// <summary>Sets parameters, creates the maps and loads the programs. Nothing runs yet.</summary>
    /// <param name="file">The object file.</param>
    /// <param name="options">Parameters and what <see cref="Attach"/> uses.</param>
    /// <exception cref="BpfLoadException">It cannot be loaded; nothing is left behind.</exception>
    public static BpfSession Load(ObjectFile file, BpfSessionOptions options) => throw new NotImplementedException();

    /// <summary>
    /// Attaches every program that has something to attach to. Iterators run when a reader reads them, <c>syscall</c> programs when
    /// <see cref="BpfProgram.Run"/> is called.
    /// </summary>
    /// <exception cref="BpfLoadException">One of them cannot be attached; all are detached again and the session is disposed of.</exception>
    /// <exception cref="InvalidOperationException">It is attached already.</exception>
    public void Attach() => throw new NotImplementedException();

    /// <summary>Opens a reader. Open it before <see cref="Attach"/> and no event of a perf buffer is missed.</summary>
    /// <param name="options">What to read.</param>
    /// <exception cref="BpfLoadException">A buffer cannot be mapped.</exception>
    public EventReader OpenReader(EventReaderOptions options) => throw new NotImplementedException();

    /// <summary>
    /// Detaches every link at once and frees the rest; if a reader is running it stops first, and what it uses is freed when it has left.
    /// Safe from any thread, and more than once.
    /// </summary>
    public void Dispose() => throw new NotImplementedException();
}
