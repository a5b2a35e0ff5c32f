using System.Runtime.InteropServices;
using Bee.Terminal.Devices;
using Bee.Terminal.Frames;
using Bee.Terminal.Keys;
using Bee.Terminal.Models;
using Bee.Terminal.Screens;

namespace Bee.Terminal;

/// <summary>Shows a model on a terminal, on a thread of its own. Reads keys, and draws at most ten frames a second.</summary>
/// <remarks>
/// When the view ends, because of a key, a signal, a lost terminal or an exception, it first restores the terminal and then cancels <see cref="Closed"/>. The owner then detaches
/// the programs and disposes the view. A signal that ends the process (SIGTERM, SIGHUP) waits for this.
/// </remarks>
internal sealed class LiveView : IDisposable
{
    /// <summary>The time between two frames.</summary>
    public static readonly TimeSpan FrameTime = TimeSpan.FromMilliseconds(100);

    // An escape character that is followed by nothing within this time is the key Escape.
    private static readonly TimeSpan s_escapeTime = TimeSpan.FromMilliseconds(40);

    // How long a signal that ends the process waits for the owner to detach the programs.
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

    /// <param name="model">The model to show.</param>
    /// <param name="terminal">The terminal. The view owns and disposes it.</param>
    /// <param name="renderer">Lays out the frames.</param>
    /// <param name="plain">Whether to omit colors.</param>
    public LiveView(LiveModel model, ITerminal terminal, ILiveRenderer renderer, bool plain)
    {
        _model = model;
        _terminal = terminal;
        _renderer = renderer;
        _writer = new FrameWriter(plain);
        _thread = new Thread(Run) { IsBackground = true, Name = "bee view" };
    }

    /// <summary>Canceled when the view has ended and the terminal is restored.</summary>
    public CancellationToken Closed => _closed.Token;

    /// <summary>The exception that ended the view; null if none did.</summary>
    public Exception? Fault { get; private set; }

    /// <summary>The number of frames that were drawn.</summary>
    public long Frames { get; private set; }

    /// <summary>Switches the terminal to the view and starts its thread.</summary>
    /// <exception cref="IOException">The terminal cannot be used.</exception>
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

    /// <summary>Ends the view and waits until the terminal is restored. Safe from any thread.</summary>
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
    /// <param name="cancellationToken">Cancels the wait.</param>
    public void Wait(CancellationToken cancellationToken)
    {
        WaitHandle.WaitAny([_closed.Token.WaitHandle, cancellationToken.WaitHandle]);
    }

    /// <summary>Ends the view and releases the terminal and the signal handlers. Detach the programs first: a signal that ends the process waits only for this.</summary>
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
        // Set before the registrations are disposed, which waits for running handlers.
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
            // An unhandled exception on a thread would end the process. The owner reports it instead.
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
