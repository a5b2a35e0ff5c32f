using System.Collections.Concurrent;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Tools;
using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;
using Bee.Posix;

namespace Bee.Cmdlets.Sessions;

/// <summary>The containers of one session: the names of its events, and its limit to some containers.</summary>
/// <param name="containers">The containers of the host; null for none.</param>
/// <param name="limit">The limit; null for none.</param>
/// <param name="tool">The tool.</param>
/// <param name="streams">Receives notes.</param>
internal sealed class SessionContainers(HostContainers? containers, ContainerLimit? limit, Tool tool, ICmdletStreams streams)
{
    private readonly TargetFilter? _filter = limit is null ? null : tool.File.Filter;

    /// <summary>Finds the containers of records; null without a runtime.</summary>
    public IContainerResolver? Resolver { get; private set; }

    /// <summary>Selects records; null if the kernel does, or if there is no limit.</summary>
    public Func<ContainerNames?, bool>? RecordFilter { get; private set; }

    /// <summary>Notices of the thread that follows the containers; null without a limit in the kernel.</summary>
    public ConcurrentQueue<(string Map, string Text)>? Notices { get; private set; }

    /// <summary>Waits until the containers are known, keeps them for the session, and writes those within the limit to the map of the object's own filter.</summary>
    /// <param name="session">The session, loaded and not yet attached.</param>
    /// <exception cref="BeeInputException">There is a limit, and the host has no container runtime.</exception>
    public void Join(BpfSession session)
    {
        if (Take() is not { } lease)
        {
            if (limit is not null)
            {
                throw new BeeInputException(
                    "NoContainerRuntime",
                    $"{limit} limits {tool.Name} to containers, but no container runtime was found on this host.",
                    "Start containerd, CRI-O, Docker or Podman, or name the runtime's endpoint in the environment variable BEE_CONTAINER_RUNTIME, for example containerd:/run/containerd/containerd.sock.");
            }

            return;
        }

        session.Keep(lease);
        Resolver = lease.Directory;
        streams.WriteNote($"The names of containers come from {string.Join(", ", lease.Runtimes.Distinct())}.");
        if (limit is null)
        {
            return;
        }

        if (_filter is not null)
        {
            var notices = new ConcurrentQueue<(string, string)>();
            Notices = notices;
            session.Keep(TargetFiller.Start(lease.Directory, limit, _filter, session.Map(_filter.Map), (map, text) => notices.Enqueue((map, text))));
            streams.WriteNote($"{limit} applies in the kernel: {tool.Name} looks processes up in its map {_filter.Map}, which Bee fills while containers start and end.");
        }
        else
        {
            RecordFilter = limit.Matches;
            streams.WriteNote($"{limit} applies to the records of {tool.Name}, before they become objects: the tool has no filter in the kernel, so its programs run for all processes. bee_targeted_here() of bee.h is such a filter.");
        }

        if (limit.Missing([.. lease.Directory.Running.Select(container => container.Names)]) is { Count: > 0 } missing)
        {
            streams.WriteNote($"No running container matches {string.Join(", ", missing)}. Containers that start later count.");
        }
    }

    /// <summary>Checks that the limit can apply to all streams.</summary>
    /// <exception cref="BeeInputException">A stream has records that do not say where they happened, and the object has no filter in the kernel.</exception>
    public void Check(IReadOnlyList<RecordStream> read)
    {
        string[] unlimited = RecordFilter is null ? [] : [.. read.Where(stream => !SaysWhere(stream)).Select(stream => stream.Name)];
        if (unlimited.Length > 0)
        {
            throw new BeeInputException(
                "ContainerLimitUnsupported",
                $"{limit} cannot limit {tool.Name}: its {(unlimited.Length == 1 ? "stream" : "streams")} {string.Join(", ", unlimited)} would show all processes, because the records do not say where they happened, and the tool has no filter in the kernel.",
                "Call bee_targeted_here() of bee.h in the programs, add a field of the type cgroup_id or mntns_id to the records, or select other maps with -Map.");
        }
    }

    private static bool SaysWhere(RecordStream stream) => stream.RecordType is not null || stream.EntryType is not null || stream.HistogramType is not null;

    // Names are an addition: a host where they cannot be read still shows its events. A limit cannot do without.
    private ContainerLease? Take()
    {
        try
        {
            return containers?.Take(streams.Stop);
        }
        catch (BeeException error) when (limit is null)
        {
            streams.WriteNote($"Events have no names of containers: {error.Message}");
            return null;
        }
    }
}
