using System.Collections.Concurrent;
using System.Globalization;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Fleet;
using Bee.Cmdlets.Sessions;
using Bee.Cmdlets.Views;
using Bee.Ebpf.Events;
using Bee.Ebpf.Records;
using Bee.Posix;
using Bee.Telemetry.Captures;
using Bee.Telemetry.Logs;

namespace Bee.Cmdlets.Programs;

/// <summary>A run of one tool on several hosts. Its events are merged by time and written to the pipeline; what else the hosts report names the host.</summary>
internal sealed class FleetRun : IDisposable
{
    private static readonly TimeSpan s_window = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan s_wait = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_stop = TimeSpan.FromMilliseconds(700);

    // The order of events is wrong by the error of a measured distance at most, and right if it is small.
    private static readonly TimeSpan s_largeDistance = TimeSpan.FromSeconds(1);

    private const string NoPermission = "LoadFailed.NoPermission";

    private readonly BeeCmdlet _cmdlet;
    private readonly string _tool;
    private readonly StreamMerge _merge = new(s_window);
    private readonly ConcurrentQueue<HostReport> _reports = new();
    private readonly List<HostLink> _links = [];
    private readonly Dictionary<string, ulong> _lost = [];
    private readonly IEventSink _sink;
    private readonly CaptureWriter? _capture;
    private readonly CancellationTokenSource _end = new();
    private Thread? _starter;
    private DateTime _warned;

    /// <param name="cmdlet">Receives the events and reports.</param>
    /// <param name="tool">The name of the tool.</param>
    /// <param name="maxEvents">The number of events to write, of all hosts together; 0 for no limit.</param>
    /// <param name="capture">Receives the events; null for no capture.</param>
    /// <param name="passThru">Whether captured events are written to the pipeline too.</param>
    public FleetRun(BeeCmdlet cmdlet, string tool, long maxEvents, CaptureWriter? capture, bool passThru)
    {
        (_cmdlet, _tool, _capture) = (cmdlet, tool, capture);
        _sink = new PipelineSink(cmdlet, cmdlet.CommandRuntime, tool, maxEvents);
        _sink = capture is null ? _sink : new CaptureSink(capture, _sink, passThru, maxEvents, Streams.Stop);
    }

    private ICmdletStreams Streams => _cmdlet;

    /// <summary>Starts the tool on the hosts, and writes their events until all hosts have ended.</summary>
    /// <param name="hosts">The hosts.</param>
    /// <param name="options">How to reach them.</param>
    /// <param name="request">The request.</param>
    /// <param name="archive">The tool.</param>
    public void Run(IReadOnlyList<HostAddress> hosts, SshOptions options, AgentRequest request, ToolArchive archive)
    {
        using CancellationTokenRegistration wake = Streams.Stop.Register(_merge.Wake);
        // All sources are open before the first host may end.
        StreamMerge.Source[] sources = [.. hosts.Select(Open)];
        _starter = new Thread(() => StartAll(hosts.Zip(sources), options, request, archive)) { IsBackground = true, Name = "bee fleet" };
        _starter.Start();
        string? outer = EventOrigins.Current;
        EventOrigins.Current = _tool;
        try
        {
            Write();
        }
        finally
        {
            EventOrigins.Current = outer;
        }
    }

    /// <summary>Detaches the tool on all hosts.</summary>
    public void Dispose()
    {
        _merge.Close();
        _end.Cancel();
        // At the end of its list, or after the host that it starts now.
        _starter?.Join();
        // At the same time: each host has the same time to end.
        Thread[] ending = [.. _links.Select(link => new Thread(() => End(link)) { IsBackground = true })];
        Array.ForEach(ending, thread => thread.Start());
        Array.ForEach(ending, thread => thread.Join());
        _end.Dispose();
    }

    private static void End(HostLink link)
    {
        link.Stop(s_stop);
        link.Dispose();
    }

    // Many connections in the making would be a storm for this machine, and for a jump host, whose sshd refuses more than a few logins at once (MaxStartups).
    private void StartAll(IEnumerable<(HostAddress Host, StreamMerge.Source Source)> hosts, SshOptions options, AgentRequest request, ToolArchive archive)
    {
        // Not disposed: a connection may end after this thread.
        var slots = new SemaphoreSlim(options.Throttle);
        foreach ((HostAddress host, StreamMerge.Source source) in hosts)
        {
            try
            {
                slots.Wait(_end.Token);
                _reports.Enqueue(new HostReport(host.Name) { Message = new StreamMessage(AgentMessage.Note, "connecting.") });
                _merge.Wake();
                _links.Add(HostLink.Start(host, options, request, archive.Bytes, reader => new HostFeed(host.Name, _merge, source, reader.Unpacker, _reports), () => slots.Release(), fault => Ended(host, source, fault)));
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception e)
            {
                // An unhandled exception on a thread would end the process.
                slots.Release();
                Ended(host, source, e as FleetException ?? new FleetException(FleetFault.Failed, host.Name, $"The tool cannot be started on {host.Name}: {e.Message}", inner: e));
            }
        }
    }

    private StreamMerge.Source Open(HostAddress host)
    {
        StreamMerge.Source source = _merge.Open();
        source.Tag = (new RecordSender(host.Name, Late: false), new RecordSender(host.Name, Late: true));
        return source;
    }

    private void Ended(HostAddress host, StreamMerge.Source source, FleetException? fault)
    {
        _reports.Enqueue(new HostReport(host.Name) { HasEnded = true, Fault = fault });
        _merge.End(source);
    }

    private void Write()
    {
        var events = new List<Merged>();
        bool continues = true;
        while (continues && _merge.Take(events, 256, s_wait))
        {
            Streams.Stop.ThrowIfCancellationRequested();
            // The types of events are reported before the events.
            WriteReports();
            foreach (Merged one in events)
            {
                // Also over a sender that the host set: it cannot send events in the name of another.
                (RecordSender onTime, RecordSender late) = ((RecordSender, RecordSender))one.Source.Tag!;
                one.Event.Mark(one.IsLate ? late : onTime);
                if (!_sink.Event(one.Event))
                {
                    continues = false;
                    break;
                }
            }

            events.Clear();
        }

        WriteReports();
        WarnOfLosses();
    }

    private void WriteReports()
    {
        // Not those that come meanwhile: a host that sends messages without end must not hold back the events of others.
        for (int left = _reports.Count; left > 0 && _reports.TryDequeue(out HostReport? report); left--)
        {
            Write(report);
        }

        if (_lost.Count > 0 && DateTime.UtcNow - _warned > TimeSpan.FromSeconds(1))
        {
            WarnOfLosses();
        }
    }

    private void Write(HostReport report)
    {
        switch (report)
        {
            case { Shapes: { } shapes }:
                foreach ((IRecordShape shape, string? tool) in shapes)
                {
                    EventOrigins.Register(shape.ClrType, new EventOrigin(tool ?? _tool, shape.Metadata));
                }

                EventViews.Register(_cmdlet, [.. shapes.Select(one => one.Shape)], report.Histograms ?? []);
                break;
            case { LostMap: { } map, Lost: 0 }:
                // The host counts the losses of this map.
                _capture?.WriteLost(map, 0, Streams.Stop);
                break;
            case { LostMap: { } map }:
                PipelineLosses.Add(new PipelineLoss(LossReason.Kernel, _tool, map, (long)Math.Min(report.Lost, long.MaxValue)));
                string key = $"{map} on {report.Host}";
                ulong before = _lost.GetValueOrDefault(key);
                _lost[key] = before + Math.Min(report.Lost, ulong.MaxValue - before);
                _capture?.WriteLost(map, report.Lost, Streams.Stop);
                break;
            case { ClockAhead: { } ahead }:
                string distance = $"{report.Host}: its clock is {Math.Abs(ahead.TotalSeconds).ToString("0.000", CultureInfo.InvariantCulture)} s {(ahead < TimeSpan.Zero ? "behind" : "ahead of")} this machine's. Events are ordered as if it were not; their times are the host's.";
                if (ahead.Duration() > s_largeDistance)
                {
                    Streams.WriteWarning(distance);
                }
                else
                {
                    Streams.WriteNote(distance);
                }

                break;
            case { Message: { } message }:
                Write(report.Host, message);
                break;
            case { HasEnded: true }:
                if (report.Fault is { } fault)
                {
                    Streams.WriteError(fault, report.Host);
                }
                else
                {
                    Streams.WriteNote($"{report.Host}: ended.");
                }

                break;
        }
    }

    private void Write(string host, StreamMessage message)
    {
        string text = $"{host}: {message.Text}";
        switch (message.Kind)
        {
            case AgentMessage.Warning:
                Streams.WriteWarning(text);
                break;
            case AgentMessage.Debug:
                Streams.WriteDebug(TerminalText.ShowLines(text));
                break;
            case AgentMessage.Error:
                // Only ids that this release has: scripts compare them.
                _cmdlet.WriteError(ErrorRecords.From(new FleetException(FleetFault.Failed, host, text, message.Id == NoPermission ? $"{message.Remedy} -UserName root logs in as root, and -Sudo starts PowerShell there with sudo." : message.Remedy), host, ErrorIds.All.FirstOrDefault(row => row.Id == message.Id)?.Id));
                break;
            case AgentMessage.Attached:
                Streams.WriteNote($"{host}: attached {message.Text}.");
                break;
            default:
                Streams.WriteNote(text);
                break;
        }
    }

    private void WarnOfLosses()
    {
        if (_lost.Count > 0)
        {
            string text = string.Join(", ", _lost.Select(pair => $"{pair.Value} of {pair.Key}"));
            _lost.Clear();
            _warned = DateTime.UtcNow;
            Streams.WriteWarning($"Events were lost, because the ring or perf buffer was full: {text}.");
        }
    }
}
