using System.Globalization;
using System.Text;
using Bee.Ebpf.Records;

namespace Bee.Telemetry.Lines;

/// <summary>
/// Writes events as lines of JSON (docs/event-lines.schema.json), for collectors that read the output of a container. Lines are written whole, and flushed within a tenth of a
/// second. All members are safe from any thread.
/// </summary>
public sealed class EventLines : IDisposable
{
    private static readonly TimeSpan s_delay = TimeSpan.FromMilliseconds(100);

    private readonly object _gate = new();
    private readonly StreamWriter _output;
    private readonly string _head;
    private readonly Timer _timer;
    private bool _isWaiting;
    private bool _disposed;

    /// <summary>Creates the writer.</summary>
    /// <param name="output">Receives the lines as UTF-8. It stays open.</param>
    /// <param name="tool">The name of the tool, which becomes a property of each line.</param>
    public EventLines(Stream output, string tool)
    {
        _output = new StreamWriter(output, new UTF8Encoding(false), 64 << 10, leaveOpen: true) { NewLine = "\n" };
        _head = $"{{\"tool\":\"{System.Text.Json.JsonEncodedText.Encode(tool)}\",\"received\":\"";
        _timer = new Timer(static lines => ((EventLines)lines!).Flush(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The error that ended the output; null while the stream accepts lines.</summary>
    public IOException? Fault { get; private set; }

    /// <summary>Writes an event as one line.</summary>
    /// <param name="item">The event, map entry or histogram.</param>
    /// <exception cref="IOException">The stream failed, for instance because its reader closed a pipe.</exception>
    public void Write(BpfEvent item)
    {
        ArgumentNullException.ThrowIfNull(item);
        string json = item.ToJson();
        lock (_gate)
        {
            Attempt(() =>
            {
                _output.Write(_head);
                _output.Write(DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture));
                _output.Write("\",\"event\":");
                _output.Write(json);
                _output.WriteLine('}');
            });
            if (!_isWaiting)
            {
                _isWaiting = true;
                _timer.Change(s_delay, Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <summary>Writes the remaining lines. Failures are only in <see cref="Fault"/>.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            _timer.Dispose();
            try
            {
                _output.Dispose();
            }
            catch (IOException fault)
            {
                Fault ??= fault;
            }
        }
    }

    private void Flush()
    {
        lock (_gate)
        {
            _isWaiting = false;
            try
            {
                if (!_disposed)
                {
                    Attempt(_output.Flush);
                }
            }
            catch (IOException)
            {
                // The next call of Write throws.
            }
        }
    }

    private void Attempt(Action write)
    {
        if (Fault is { } earlier)
        {
            throw new IOException(earlier.Message, earlier);
        }

        try
        {
            write();
        }
        catch (IOException fault)
        {
            Fault = fault;
            throw;
        }
    }
}
