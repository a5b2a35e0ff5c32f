using System.Runtime.InteropServices;
using Bee.Terminal.Devices;
using Bee.Terminal.Frames;
using Bee.Terminal.Keys;
using Bee.Terminal.Models;
using Bee.Terminal.Screens;

namespace Bee.Terminal;

/// <summary>Shows a model on a terminal, on a thread of its own: keys in, at most ten frames a second out.</summary>
/// <remarks>
/// Whatever ends it (a key, a signal, a lost terminal, a fault), the terminal is restored first, then <see cref="Closed"/> is cancelled. The owner then detaches what it
/// watches and disposes the view: SIGTERM and SIGHUP end the process after that.
/// </remarks>
internal sealed class LiveView : IDisposable
{
    /// <summary>The time between two frames.</summary>
    public static readonly TimeSpan FrameTime = TimeSpan.FromMilliseconds(100);

    // An escape that nothing follows is the key.
    private static readonly TimeSpan s_escapeTime = TimeSpan.FromMilliseconds(40);

    // How long a signal that ends the process waits for the owner to detach.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private readonly LiveModel _model;
    private readonly ITerminal _terminal;
    private readonly ILiveRenderer _renderer;
    private readonly FrameWriter _writer;
    private readonly KeyDecoder _keys = new();
    private readonly Thread _thread;
    private readonly CancellationTokenSource _closed = new();
    private readonly ManualResetEventSlim _done = new();
    private readonly List<PosixSignalRegistration> _signals = [];
    private volatile bool _wantsSuspend;
    private volatile bool _wantsWhole = true;
    private bool _disposed;

    /// <param name="model">What to show.</param>
    /// <param name="terminal">Where; the view disposes it.</param>
    /// <param name="renderer">What lays it out.</param>
    /// <param name="plain">Whether to leave out colors.</param>
    public LiveView(LiveModel model, ITerminal terminal, ILiveRenderer renderer, bool plain)
    {
        _model = model;
        _terminal = terminal;
        _renderer = renderer;
        _writer = new FrameWriter(plain);
        _thread = new Thread(Run) { IsBackground = true, Name = "bee view" };
    }

    /// <summary>Cancelled when the view has ended and the terminal is as it was.</summary>
    public CancellationToken Closed => _closed.Token;

    /// <summary>What ended the view, if it was a fault.</summary>
    public Exception? Fault { get; private set; }

    /// <summary>Frames that were written.</summary>
    public long Frames { get; private set; }

    /// <summary>Takes the terminal and begins.</summary>
    /// <exception cref="IOException">The terminal refuses.</exception>
    public void Start()
    {
        try
        {
            if (!OperatingSystem.IsWindows())
            {
                On(PosixSignal.SIGWINCH, _ => Redraw());
                On(PosixSignal.SIGCONT, _ => Redraw());
                On(PosixSignal.SIGTSTP, signal =>
                {
                    signal.Cancel = true;
                    _wantsSuspend = true;
                    _terminal.Wake();
                });
                On(PosixSignal.SIGTERM, _ => EndProcess());
                On(PosixSignal.SIGHUP, _ => EndProcess());
                On(PosixSignal.SIGQUIT, _ => EndProcess());
            }

            AppDomain.CurrentDomain.ProcessExit += OnExit;
            _terminal.Enter();
            _thread.Start();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Ends the view and waits until the terminal is as it was. Safe from any thread.</summary>
    public void Close()
    {
        _model.Close();
        _terminal.Wake();
        if (_thread.IsAlive && Thread.CurrentThread != _thread)
        {
            _thread.Join();
        }
    }

    /// <summary>Waits until the view has ended.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public void Wait(CancellationToken cancellationToken)
    {
        WaitHandle.WaitAny([_closed.Token.WaitHandle, cancellationToken.WaitHandle]);
    }

    /// <summary>Ends the view, and lets go of the terminal and the signals. What is watched must be detached by now: a signal that ends the process waits for this.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        Close();
        _terminal.Leave();
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        // Before the registrations, which wait for handlers that run.
        _done.Set();
        _signals.ForEach(signal => signal.Dispose());
        _terminal.Dispose();
        _closed.Dispose();
    }

    private void On(PosixSignal signal, Action<PosixSignalContext> handler) => _signals.Add(PosixSignalRegistration.Create(signal, handler));

    private void OnExit(object? sender, EventArgs e) => _terminal.Leave();

    private void Redraw()
    {
        _wantsWhole = true;
        _terminal.Wake();
    }

    private void EndProcess()
    {
        _model.Close();
        _terminal.Wake();
        _done.Wait(s_patience);
        _terminal.Leave();
    }

    private void Run()
    {
        try
        {
            Loop();
        }
        catch (Exception fault)
        {
            // An exception that leaves a thread ends the process; the owner reports it.
            Fault = fault;
        }
        finally
        {
            _terminal.Leave();
            _model.Close();
            _closed.Cancel();
        }
    }

    private void Loop()
    {
        byte[] buffer = new byte[1024];
        long next = 0;
        while (!_model.IsClosed)
        {
            if (_wantsSuspend)
            {
                Suspend();
            }

            long now = Environment.TickCount64;
            if (now >= next)
            {
                Draw(now);
                next = now + (long)FrameTime.TotalMilliseconds;
            }

            var wait = TimeSpan.FromMilliseconds(Math.Max(0, next - Environment.TickCount64));
            int count = _terminal.Read(buffer, _keys.IsWaiting && s_escapeTime < wait ? s_escapeTime : wait);
            if (count < 0)
            {
                return;
            }

            foreach (Key key in count > 0 ? _keys.Add(buffer.AsSpan(0, count)) : _keys.IsWaiting ? _keys.Flush() : [])
            {
                Handle(key);
            }
        }
    }

    private void Handle(Key key)
    {
        if (key == Key.Control('z'))
        {
            _wantsSuspend = true;
        }
        else if (key == Key.Control('l'))
        {
            _wantsWhole = true;
        }
        else
        {
            _model.Handle(key);
        }
    }

    private void Suspend()
    {
        _wantsSuspend = false;
        _terminal.Leave();
        _terminal.Suspend();
        _wantsSuspend = false;
        _terminal.Enter();
        _wantsWhole = true;
    }

    private void Draw(long now)
    {
        if (_wantsWhole)
        {
            _wantsWhole = false;
            _terminal.Renew();
            _writer.Reset();
        }

        (int width, int height) = _terminal.Size;
        byte[] bytes = _writer.Write(_renderer.Render(_model.Look(width, height, now)), width, height);
        if (bytes.Length > 0)
        {
            _terminal.Write(bytes);
            Frames++;
        }
    }
}
