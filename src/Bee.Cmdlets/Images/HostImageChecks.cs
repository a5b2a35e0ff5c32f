using System.Text.Json;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Fleet;
using Bee.Ebpf.Checks;
using Bee.Ebpf.Events;
using Bee.Ebpf.Records;
using Bee.Posix;
using Bee.Telemetry.Captures;

namespace Bee.Cmdlets.Images;

/// <summary>Checks an image on many hosts at the same time.</summary>
/// <param name="image">The image's reference, or the file's path.</param>
/// <param name="archive">The OCI archive with the tool.</param>
/// <param name="parameters">The parameters of the check.</param>
/// <param name="options">How to reach the hosts.</param>
/// <param name="cmdlet">Receives the messages of the hosts.</param>
internal sealed class HostImageChecks(string image, ReadOnlyMemory<byte> archive, IReadOnlyDictionary<string, object?> parameters, SshOptions options, BeeCmdlet cmdlet)
{
    private readonly ICmdletStreams _streams = cmdlet;
    private readonly AgentRequest _request = new() { Work = AgentWork.Check, Parameters = AgentParameters.Encode(parameters) };

    /// <summary>Checks the hosts and returns one row for each, in their order. Reports the error of a host that does not answer, and returns a row for it too.</summary>
    /// <param name="hosts">The hosts.</param>
    /// <exception cref="OperationCanceledException">The pipeline was stopped.</exception>
    public IEnumerable<HostImageCheck> Run(IReadOnlyList<HostAddress> hosts)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(_streams.Stop);
        using var slots = new SemaphoreSlim(options.Throttle);
        Task<Answer>[] answers = [.. hosts.Select(host => Task.Run(() => AskAsync(host, slots, end.Token), CancellationToken.None))];
        try
        {
            foreach ((HostAddress host, Task<Answer> answer) in hosts.Zip(answers))
            {
                yield return Row(host, answer.GetAwaiter().GetResult());
            }
        }
        finally
        {
            // The links of the hosts that are still asked close before their tasks end.
            end.Cancel();
            Task.WhenAll(answers).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).Wait(CancellationToken.None);
        }
    }

    private async Task<Answer> AskAsync(HostAddress host, SemaphoreSlim slots, CancellationToken cancellationToken)
    {
        await slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        var sink = new Sink();
        var ended = new TaskCompletionSource<FleetException?>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            using var link = HostLink.Start(host, options, _request, archive, _ => sink, () => { }, fault => ended.TrySetResult(fault));
            FleetException? fault = await ended.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            return new Answer(sink, fault);
        }
        catch (FleetException fault)
        {
            return new Answer(sink, fault);
        }
        finally
        {
            slots.Release();
        }
    }

    private HostImageCheck Row(HostAddress host, Answer answer)
    {
        FleetException? fault = answer.Fault;
        string? id = null;
        CheckReport? report = null;
        foreach (StreamMessage message in answer.Sink.Messages)
        {
            switch (message.Kind)
            {
                case AgentMessage.Warning:
                    _streams.WriteWarning($"{host}: {message.Text}");
                    break;
                case AgentMessage.Note:
                    _streams.WriteNote($"{host}: {message.Text}");
                    break;
                case AgentMessage.Debug:
                    _streams.WriteDebug(TerminalText.ShowLines($"{host}: {message.Text}"));
                    break;
                case AgentMessage.Error:
                    // Only ids that this release has: scripts compare them.
                    id = ErrorIds.All.FirstOrDefault(row => row.Id == message.Id)?.Id;
                    fault = new FleetException(FleetFault.Failed, host.Name, $"{host}: {message.Text}", message.Remedy);
                    break;
                case AgentMessage.Result when TryRead(message.Text) is { } read:
                    report = read;
                    break;
            }
        }

        if (report is null)
        {
            fault ??= new FleetException(FleetFault.Damaged, host.Name, $"{host} sent no result of the checks.", "Install the same release of the module there as here.");
            cmdlet.WriteError(ErrorRecords.From(fault, host.Name, id));
            return new HostImageCheck(host.Name, image, [new CheckResult(HostImageCheck.ConnectionCheck, CheckState.Failed, TerminalText.ShowLines(fault.Message)) { Remedy = fault.Remedy is { } remedy ? TerminalText.ShowLines(remedy) : null, Target = host.Name }]);
        }

        var reached = new CheckResult(HostImageCheck.ConnectionCheck, CheckState.Ok, $"{host} was reached and answered.") { Target = host.Name };
        return new HostImageCheck(host.Name, image, [reached, .. report.Results]) { Kernel = report.Kernel, Architecture = report.Architecture };
    }

    private static CheckReport? TryRead(string text)
    {
        try
        {
            return CheckReport.Decode(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private sealed record Answer(Sink Sink, FleetException? Fault);

    // Written by the thread of the link, and read after that has ended.
    private sealed class Sink : ICaptureStreamSink
    {
        // A host sends a few; more would fill the memory.
        private const int Most = 1000;
        private const int MostCharacters = 4 << 20;

        private int _characters;

        public List<StreamMessage> Messages { get; } = [];

        public void Message(StreamMessage message)
        {
            _characters = Math.Min(MostCharacters, _characters + message.Text.Length);
            if (Messages.Count < Most && _characters < MostCharacters)
            {
                Messages.Add(message);
            }
        }

        public void BeginBlock(long first, long last, int bytes)
        {
        }

        public void EndBlock()
        {
        }

        public void Beat(Heartbeat beat)
        {
        }

        bool IEventSink.Event(BpfEvent e) => false;

        void IEventSink.Notice(string map, string text)
        {
        }

        void IEventSink.Lost(string map, ulong count)
        {
        }
    }
}
