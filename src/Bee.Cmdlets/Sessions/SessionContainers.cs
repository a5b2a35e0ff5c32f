using System.Collections.Concurrent;
using Bee.Cmdlets.Errors;
using Bee.Containers;
using Bee.Containers.Kubernetes;
using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;
using Bee.Posix;

namespace Bee.Cmdlets.Sessions;

/// <summary>The containers of one session: the names of its events, and its limit to some containers.</summary>
/// <param name="limit">The limit; null for none.</param>
/// <param name="tool">The name of the tool.</param>
/// <param name="file">The object of the tool.</param>
/// <param name="note">Receives notes.</param>
/// <param name="warn">Receives warnings.</param>
internal sealed class SessionContainers(ContainerLimit? limit, string tool, ObjectFile file, Action<string> note, Action<string> warn)
{
    private readonly TargetFilter? _filter = limit is null ? null : file.Filter;

    /// <summary>The Kubernetes API that returns the owners and labels of pods; null if they are not requested.</summary>
    public KubernetesAccess? Kubernetes { get; init; }

    /// <summary>Whether notes are shown. If so, <see cref="Join"/> waits until it is known whether the kernel records processes.</summary>
    public bool ShowsNotes { get; init; }

    /// <summary>Whether records have the owners and labels of pods.</summary>
    public bool HasPodMetadata => Kubernetes is not null;

    /// <summary>Finds the containers of records; null without a runtime.</summary>
    public IContainerResolver? Resolver { get; private set; }

    /// <summary>Whether a runtime knows pods.</summary>
    public bool HasPods { get; private set; }

    /// <summary>Selects records; null if the kernel does, or if there is no limit.</summary>
    public Func<ContainerNames?, bool>? RecordFilter { get; private set; }

    /// <summary>Notices of the threads that follow the containers; null if there can be none.</summary>
    public ConcurrentQueue<(string Map, string Text)>? Notices { get; private set; }

    /// <summary>Keeps the containers for the session, and writes those within the limit to the map of the object's own filter.</summary>
    /// <param name="session">The session, whose programs are not attached yet, or are pinned.</param>
    /// <param name="take">Returns the containers of the host; null if it has no container runtime.</param>
    /// <param name="cancellationToken">Cancels the wait for the recorder, without which a limit could miss containers.</param>
    /// <exception cref="BeeInputException">There is a limit, or pods' metadata is requested, and the host has no container runtime.</exception>
    public void Join(BpfSession session, Func<ContainerLease?> take, CancellationToken cancellationToken)
    {
        if (Take(take) is not { } lease)
        {
            if (limit is not null)
            {
                throw NoRuntime($"{limit} limits {tool} to containers");
            }

            if (HasPodMetadata)
            {
                throw NoRuntime("-PodMetadata adds the owners and labels of pods");
            }

            return;
        }

        session.Keep(lease);
        Resolver = lease.Directory;
        HasPods = lease.HasPods;
        if (Kubernetes is not null)
        {
            var notices = Notices = new ConcurrentQueue<(string, string)>();
            var pods = PodNames.Follow(lease.Directory, new KubernetesPods(Kubernetes), fault => notices.Enqueue(("Kubernetes", $"{fault} {PodNames.Remedy}")));
            session.Keep(pods);
            Resolver = pods;
            note($"The owners and labels of pods come from {Kubernetes.Server}.");
        }

        if (limit is not null || ShowsNotes)
        {
            lease.Directory.WaitForRecorder(cancellationToken);
        }

        note($"The names of containers come from {string.Join(", ", lease.Runtimes)}.{(lease.Directory.Note is { } why ? $" {why}" : "")}");
        if (limit is not null)
        {
            Limit(session, lease);
        }
    }

    /// <summary>Returns the error of a limit on a host without containers.</summary>
    /// <param name="what">What the limit is for, as the beginning of a sentence.</param>
    public static BeeInputException NoRuntime(string what) => new(
        "NoContainerRuntime",
        $"{what}, but no container runtime was found on this host.",
        "Start containerd, CRI-O, Docker or Podman, or name the runtime's endpoint in the environment variable BEE_CONTAINER_RUNTIME, for example containerd:/run/containerd/containerd.sock.");

    /// <summary>Checks that the limit can apply to all streams.</summary>
    /// <exception cref="BeeInputException">A stream has records that do not say where they happened, and the object has no filter in the kernel.</exception>
    public void Check(IReadOnlyList<RecordStream> read)
    {
        string[] unlimited = RecordFilter is null ? [] : [.. read.Where(stream => !stream.SaysWhere).Select(stream => stream.Name)];
        if (unlimited.Length > 0)
        {
            throw new BeeInputException(
                "ContainerLimitUnsupported",
                $"{limit} cannot limit {tool}: its {(unlimited.Length == 1 ? "stream" : "streams")} {string.Join(", ", unlimited)} would show all processes, because the records do not say where they happened, and the tool has no filter in the kernel.",
                "Call bee_targeted_here() of bee.h in the programs, add a field of the type cgroup_id or mntns_id to the records, or select other maps with -Map.");
        }
    }

    private void Limit(BpfSession session, ContainerLease lease)
    {
        if (_filter is not null)
        {
            var notices = Notices ??= new ConcurrentQueue<(string, string)>();
            session.Keep(TargetFiller.Start(lease.Directory, limit!, _filter, session.Map(_filter.Map), (map, text) => notices.Enqueue((map, text))));
            note($"{limit} applies in the kernel: {tool} looks processes up in its map {_filter.Map}, which Bee fills while containers start and end.");
        }
        else
        {
            RecordFilter = limit!.Matches;
            note($"{limit} applies to the records of {tool}, before they become objects: the tool has no filter in the kernel, so its programs run for all processes. bee_targeted_here() of bee.h is such a filter.");
        }

        if (limit!.Missing([.. lease.Directory.Running.Select(container => container.Names)]) is { Count: > 0 } missing)
        {
            note($"No running container matches {string.Join(", ", missing)}. Containers that start later count.");
        }
    }

    // Names are an addition: a host where they cannot be read still shows its events. A limit cannot do without.
    private ContainerLease? Take(Func<ContainerLease?> take)
    {
        try
        {
            return take();
        }
        catch (BeeException error) when (limit is null && !HasPodMetadata)
        {
            warn($"Events have no names of containers: {error.Message}");
            return null;
        }
    }
}
