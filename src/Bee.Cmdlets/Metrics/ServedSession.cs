using Bee.Ebpf;
using Bee.Telemetry.Collection;

namespace Bee.Cmdlets;

/// <summary>The metrics of a session that a command reads, on the server of that command.</summary>
internal sealed class ServedSession : IDisposable
{
    private readonly MetricListener _listener;
    private readonly SessionView _view;
    private volatile bool _isEnded;

    public ServedSession(MetricListener listener, BpfSession session, EventReader reader, ToolOrigin tool)
    {
        _listener = listener;
        _view = new SessionView(
            new SessionMeter(session, reader.Streams),
            new MetricSettings().For(tool.Name, tool, DateTime.UtcNow),
            () => SessionView.Status(tool.Name, tool, !_isEnded, dropped: null));
        listener.Add(_view);
    }

    public void Dispose()
    {
        _isEnded = true;
        _listener.Remove(_view);
    }
}
