using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Programs;

/// <summary>
/// Keeps a program attached to its targets. Disposing the link detaches the program, and so does disposing its session. A program with several targets, such as two network interfaces,
/// has one <see cref="BpfLink"/> and several kernel links.
/// </summary>
/// <remarks>
/// All members are thread-safe. The session refers to its links and each link to its session, so neither is finalized while the other is reachable. If both become unreachable, their
/// finalizers detach the program at some later time: dispose one of them. <c>BpfSession.Pin</c> hands the link over to its pins, and disposing then only closes it in this process.
/// </remarks>
public sealed class BpfLink : IDisposable
{
    private ILink[] _links;

    internal BpfLink(BpfProgram program, ILink[] links)
    {
        Program = program;
        _links = links;
        Ids = [.. links.Select(link => link.LinkFd is >= 0 and var fd ? KernelIds.Of(fd) : 0).Where(id => id != 0)];
        program.Add(this);
    }

    /// <summary>The program.</summary>
    public BpfProgram Program { get; }

    /// <summary>The kernel's ids of the links, one for each target that has a link object in the kernel; they stay readable after the link is disposed.</summary>
    public IReadOnlyList<int> Ids { get; }

    /// <summary>False once the link, or its session, has been disposed.</summary>
    public bool IsAttached => Volatile.Read(ref _links).Length > 0;

    /// <summary>The kernel's links; empty once the link is disposed.</summary>
    internal IReadOnlyList<ILink> Links => Volatile.Read(ref _links);

    /// <summary>Detaches the program. Further calls have no effect.</summary>
    public void Dispose() => Detach([this]);

    /// <summary>Detaches many links at once, which is faster than one after the other.</summary>
    internal static void Detach(IEnumerable<BpfLink> links) => Detaching.All([.. links.SelectMany(link => link.Take())]);

    private ILink[] Take()
    {
        var links = Interlocked.Exchange(ref _links, []);
        if (links.Length > 0)
        {
            Program.Remove(this);
        }

        return links;
    }
}

/// <summary>Detaches kernel links, in parallel.</summary>
internal static class Detaching
{
    // Detaching mostly waits until every CPU has left the program, and these waits overlap. The kernel serializes the rest, so more threads gain nothing.
    private const int MostThreads = 8;

    /// <summary>Disposes all links and returns when that is done.</summary>
    public static void All(IReadOnlyList<ILink> attached)
    {
        // In reverse order: the tc filter that created the qdisc clsact removes it once the other filters are gone.
        foreach (var other in attached.Where(a => a.LinkFd < 0).Reverse().ToArray())
        {
            other.Dispose();
        }

        var left = attached.Count;
        void Work()
        {
            while (Interlocked.Decrement(ref left) is >= 0 and var next)
            {
                attached[next].Dispose();
            }
        }

        // A thread takes longer to start than a single link takes to detach.
        var helpers = new Thread[Math.Clamp(attached.Count / 2, 0, MostThreads - 1)];
        for (var i = 0; i < helpers.Length; i++)
        {
            helpers[i] = new Thread(Work) { IsBackground = true, Name = "bee detach" };
            helpers[i].Start();
        }

        Work();
        foreach (var helper in helpers)
        {
            helper.Join();
        }
    }
}
