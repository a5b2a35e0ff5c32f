using System.Collections;
using Bee.Cmdlets.Fleet;
using Bee.Cmdlets.Sessions;
using Bee.Cmdlets.Tools;
using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Packing;
using Bee.Ebpf.Records;
using Bee.Telemetry.Captures;

namespace Bee.Cmdlets.Agents;

/// <summary>Runs a tool for another machine.</summary>
internal static class RunTask
{
    /// <inheritdoc cref="AgentTask"/>
    public static void Run(IReadOnlyDictionary<string, object?> parameters, ReadOnlyMemory<byte> archive, CaptureStreamWriter output, AgentStreams streams)
    {
        Tool tool;
        using (var tools = new AgentTools(archive, parameters.GetValueOrDefault(RunParameters.RecordType) as IDictionary, streams))
        {
            tool = tools.Resolver.Resolve(string.Empty, tools.Image)!;
        }

        RunParameters run = AgentParameters.To<RunParameters>(parameters);
        using HostContainers? containers = run.NoContainer ? null : HostContainers.Open(run.PodMetadata, streams.Stop);
        var factory = new SessionFactory(AgentParameters.To<SessionOptions>(parameters) with { Containers = containers, Limit = ContainerLimit.From(run.Container, run.Pod, run.Namespace) }, streams, streams);
        factory.Describe(tool);
        using var statistics = new RunStatistics(counts: false, run.MaxOverhead);
        streams.Loading?.Invoke();
        (BpfSession session, EventReader reader) = factory.Start(tool);
        using (session)
        using (reader)
        using (var end = CancellationTokenSource.CreateLinkedTokenSource(streams.Stop, statistics.Exceeded))
        {
            statistics.Watch(session);
            factory.WarnIfSilent(tool, reader);
            foreach (RecordStream stream in reader.Streams.Where(stream => stream.Lost is not null))
            {
                output.WriteLost(stream.Name, 0, end.Token);
            }

            output.Define(reader.Streams.Select(stream => stream.ClrType), end.Token);
            output.WriteMessage(new StreamMessage(AgentMessage.Attached, tool.Name));
            try
            {
                reader.Run(new Sink(output, streams, run.MaxEvents, end.Token), end.Token, run.Duration);
            }
            catch (OperationCanceledException) when (statistics.Exceeded.IsCancellationRequested)
            {
                // The error below has the figures.
            }

            LossCount.Report(reader.Streams, streams);
        }

        statistics.ThrowIfExceeded();
    }

    private sealed class Sink(CaptureStreamWriter output, AgentStreams streams, long most, CancellationToken cancellationToken) : IEventSink
    {
        private readonly HashSet<Type> _unsent = [];
        private long _left = most;

        bool IEventSink.Event(BpfEvent e)
        {
            try
            {
                // Without a limit, the counter starts at zero and decreases, so it never becomes zero again.
                return output.Write(e, cancellationToken) && --_left != 0;
            }
            catch (OperationCanceledException)
            {
                return false;
            }
            catch (PackException fault) when (fault.Fault == PackFault.NotPackable)
            {
                if (_unsent.Add(e.GetType()))
                {
                    streams.WriteError(fault, null);
                }

                return true;
            }
        }

        void IEventSink.Notice(string map, string text) => streams.WriteWarning($"{map}: {text}");

        void IEventSink.Lost(string map, ulong count)
        {
            try
            {
                output.WriteLost(map, count, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                // The reader ends.
            }
        }
    }
}
