namespace Bee.Ebpf;

/// <summary>Detaches what a session has attached.</summary>
internal static class Detaching
{
    // For the kernel, taking a link away is mostly waiting for every CPU to have left the program: links can wait beside each other. More threads gain nothing,
    // since the kernel does part of the work for one at a time.
    private const int MostThreads = 8;

    /// <summary>Detaches everything and returns when it is done.</summary>
    public static void All(IReadOnlyList<ILink> attached)
    {
        // First in, last out: a tc filter that brought its qdisc takes it away when the others have left it.
        foreach (var other in attached.Where(a => a.LinkDescriptor < 0).Reverse().ToArray())
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

        // A small run is done before a thread has started.
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
