using System.Diagnostics;
using Bee.Containers.Cgroups;
using Bee.Containers.Runtimes;

namespace Bee.Containers;

/// <summary>Asks the runtimes of one user for the names of containers, on a thread of its own, and asks again after a pause if they do not know a container yet. Thread-safe.</summary>
internal sealed class NameRequests : IDisposable
{
    /// <summary>The number of requests that may wait. More are dropped: their containers have no names until they are asked for again.</summary>
    internal const int MostWaiting = 16_384;

    /// <summary>The number of containers of a user whose names are asked for again at a time.</summary>
    internal const int MostRefreshed = 500;

    // Runtimes know a container only a moment after its cgroup exists, and it may be the moment before its program starts.
    private static readonly int[] s_pauses = [0, 5, 5, 5, 5, 5, 5, 10, 10, 10, 10, 20, 20, 50, 100, 200, ListAt, 800, 1500, 3000, 6000, 10_000];

    // At the pause of this length, the states of all containers are searched for one whose cgroup has another name.
    private const int ListAt = 400;

    // A runtime that makes others wait is left alone for a while.
    private const int SlowMilliseconds = 1000, PenaltyMilliseconds = 30_000;

    // Cancellation ends a request on a socket at once, but not a read from a file system that hangs, such as a user's NFS or FUSE mount.
    private static readonly TimeSpan s_mostWait = TimeSpan.FromSeconds(2);

    private readonly IReadOnlyList<IContainerRuntime> _runtimes;
    private readonly long[] _penalties;
    private readonly Func<Request, ContainerRecord?, bool> _answer;
    private readonly PriorityQueue<Request, long> _requests = new();
    private readonly object _gate = new();
    private readonly CancellationTokenSource _canceled = new();
    private Thread? _thread;
    private bool _disposed;

    /// <param name="runtimes">The runtimes of the user, files before sockets.</param>
    /// <param name="answer">Receives each answer on the thread, or once null if no runtime knows the container. Returns whether the request is done.</param>
    public NameRequests(IReadOnlyList<IContainerRuntime> runtimes, Func<Request, ContainerRecord?, bool> answer) => (_runtimes, _answer, _penalties) = (runtimes, answer, new long[runtimes.Count]);

    /// <summary>Asks for a container.</summary>
    public void Add(Request request)
    {
        lock (_gate)
        {
            if (!_disposed && _requests.Count < MostWaiting && _runtimes.Any(request.Suits))
            {
                _requests.Enqueue(request, Environment.TickCount64 + (request.Delay ?? s_pauses[request.Attempt]));
                Monitor.Pulse(_gate);
                if (_thread is null)
                {
                    _thread = new Thread(Run) { IsBackground = true, Name = "Bee container names" };
                    _thread.Start();
                }
            }
        }
    }

    /// <summary>Looks for a container in the files of runtimes that leave the names of cgroups to their users. Does not wait.</summary>
    public static ContainerRecord? Probe(IReadOnlyList<IContainerRuntime> runtimes, Request request) =>
        runtimes.Where(request.Suits).Select(runtime => Find(runtime, request, CancellationToken.None)).FirstOrDefault(record => record is not null);

    /// <summary>Cancels the requests. Does not wait for the one in progress.</summary>
    public void Cancel()
    {
        lock (_gate)
        {
            _disposed = true;
            _requests.Clear();
            Monitor.Pulse(_gate);
        }

        _canceled.Cancel();
    }

    /// <summary>Cancels the requests, and ends the thread.</summary>
    public void Dispose()
    {
        Cancel();
        if (_thread is null || Thread.CurrentThread == _thread || _thread.Join(s_mostWait))
        {
            _canceled.Dispose();
        }
    }

    private void Run()
    {
        while (Next() is { } request)
        {
            bool? done = null;
            foreach (var record in Ask(request))
            {
                done = _answer(request, record);
            }

            if (!(done ?? _answer(request, null)) && request.Delay is null && request.Attempt + 1 < s_pauses.Length)
            {
                Add(request with { Attempt = request.Attempt + 1 });
            }
        }
    }

    private Request? Next()
    {
        lock (_gate)
        {
            while (!_disposed)
            {
                var pause = _requests.TryPeek(out _, out var due) ? due - Environment.TickCount64 : Timeout.Infinite;
                if (pause is <= 0 and not Timeout.Infinite)
                {
                    return _requests.Dequeue();
                }

                Monitor.Wait(_gate, (int)pause);
            }

            return null;
        }
    }

    // The first record that a runtime has. If it lacks the image, records of further runtimes follow, which may have it.
    private IEnumerable<ContainerRecord> Ask(Request request)
    {
        ContainerRecord? first = null;
        for (var i = 0; i < _runtimes.Count && !_canceled.IsCancellationRequested; i++)
        {
            var runtime = _runtimes[i];
            if (!request.Suits(runtime) || Environment.TickCount64 < _penalties[i])
            {
                continue;
            }

            var start = Stopwatch.GetTimestamp();
            var record = AskUntilDisposed(runtime, request);
            if (Stopwatch.GetElapsedTime(start).TotalMilliseconds > SlowMilliseconds)
            {
                _penalties[i] = Environment.TickCount64 + PenaltyMilliseconds;
            }

            if (record is null || first?.IsSameAs(record) == false)
            {
                continue;
            }

            yield return record;
            first ??= record;
            if (record.Image is not null || request.Container is null)
            {
                yield break;
            }
        }
    }

    private ContainerRecord? AskUntilDisposed(IContainerRuntime runtime, Request request)
    {
        try
        {
            return Ask(runtime, request);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // This object has been disposed, and perhaps the client of the runtime too.
            return null;
        }
    }

    private ContainerRecord? Ask(IContainerRuntime runtime, Request request) =>
        Find(runtime, request, _canceled.Token) is { } record ? record
        : request.Path is { } path && s_pauses[request.Attempt] == ListAt ? runtime.List(_canceled.Token).FirstOrDefault(other => other.CgroupPath == path)
        : null;

    private static ContainerRecord? Find(IContainerRuntime runtime, Request request, CancellationToken cancellationToken)
    {
        // The name of a cgroup is not a proof: the runtime must say that the cgroup is the container's, or be creating a container of this name.
        var record = runtime.Find(request.Id, cancellationToken);
        return request.Path is null || record?.CgroupPath == request.Path || record is { CgroupPath: null, ProcessId: 0 } ? record : null;
    }

    /// <summary>A container to ask for.</summary>
    /// <param name="Id">The full id, or a name that may be the id of a container.</param>
    /// <param name="UserId">The user whose runtimes are asked.</param>
    /// <param name="Container">The container; null if the runtimes are to tell whether there is one.</param>
    /// <param name="Attempt">How often the runtimes were asked already.</param>
    internal sealed record Request(string Id, uint UserId, KnownContainer? Container, int Attempt = 0)
    {
        /// <summary>The key of the cgroup that may be a container's own; 0 if <see cref="Container"/> is known.</summary>
        public ulong Cgroup { get; init; }

        /// <summary>The path of this cgroup; null if <see cref="Container"/> is known.</summary>
        public string? Path { get; init; }

        /// <summary>The time in milliseconds after which the runtimes are asked once; null to ask at once and again.</summary>
        public int? Delay { get; init; }

        /// <summary>Asks again for the names of containers: of each user, for those that were asked for the least often. The requests are spread, so that a new container does not wait for them.</summary>
        /// <param name="containers">The containers that run.</param>
        /// <param name="milliseconds">The time over which the requests are spread.</param>
        public static List<Request> Refresh(IEnumerable<KnownContainer> containers, int milliseconds)
        {
            var requests = new List<Request>();
            foreach (var user in containers.GroupBy(container => container.UserId))
            {
                KnownContainer[] next = [.. user.OrderBy(container => container.Refreshes).Take(MostRefreshed)];
                Array.ForEach(next, container => container.Refreshes++);
                requests.AddRange(next.Select((container, index) => new Request(container.Id, container.UserId, container) { Delay = (int)((long)milliseconds * index / next.Length) }));
            }

            return requests;
        }

        /// <summary>Asks whether a cgroup is that of a container of the same name.</summary>
        /// <returns>The request; null if the cgroup is that of a systemd unit.</returns>
        public static Request? ForCgroup(in Cgroup cgroup)
        {
            var name = cgroup.Path[(cgroup.Path.LastIndexOf('/') + 1)..];
            return name.Length == 0 || name.EndsWith(".service", StringComparison.Ordinal) || name.EndsWith(".slice", StringComparison.Ordinal) ? null
                : new Request(name, 0, null) { Cgroup = cgroup.Key, Path = cgroup.Path };
        }

        /// <summary>Whether the runtimes are not asked again if the container has ended: most forget it.</summary>
        public bool IsLastAfterEnd => Attempt >= 2;

        /// <summary>Whether a runtime can know the container. Only runc and crun let their users choose the names of cgroups.</summary>
        public bool Suits(IContainerRuntime runtime) => runtime.UserId == UserId && (Container is not null || runtime.Name is "runc" or "crun");
    }
}
