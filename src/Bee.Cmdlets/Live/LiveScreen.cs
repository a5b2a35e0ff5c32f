using Bee.Cmdlets.Errors;
using Bee.Terminal;
using Bee.Terminal.Devices;
using Bee.Terminal.Frames;
using Bee.Terminal.Models;
using Bee.Toolchain.Isolation;

namespace Bee.Cmdlets.Live;

/// <summary>The live view of this process. A terminal can show only one at a time.</summary>
internal sealed class LiveScreen : IDisposable
{
    private static int s_taken;

    private readonly LiveView _view;
    private bool _disposed;

    private LiveScreen(LiveView view) => _view = view;

    /// <summary>Cancelled when the user has ended the view.</summary>
    public CancellationToken Closed => _view.Closed;

    /// <summary>Returns the reason why a view cannot be shown, as a clause; null if it can.</summary>
    public static string? WhyNot() => TerminalSupport.WhyNot();

    /// <summary>Acquires the terminal and shows a model.</summary>
    /// <exception cref="BeeInputException">Another view owns the terminal.</exception>
    public static LiveScreen Show(LiveModel model)
    {
        if (Interlocked.Exchange(ref s_taken, 1) != 0)
        {
            throw new BeeInputException("ViewInUse", "Another live view is already open in this process.", "Close it first, with q.");
        }

        try
        {
            var view = new LiveView(model, TerminalDevice.Open(), Isolated.Create<ILiveRenderer>(), TerminalSupport.IsPlain);
            view.Start();
            return new LiveScreen(view);
        }
        catch
        {
            Volatile.Write(ref s_taken, 0);
            throw;
        }
    }

    /// <summary>Waits until the user ends the view.</summary>
    /// <param name="cancellationToken">Cancels the wait.</param>
    public void Wait(CancellationToken cancellationToken) => _view.Wait(cancellationToken);

    /// <summary>Closes the view and throws the exception that broke it, if any. Detach the tool before calling it.</summary>
    /// <exception cref="BeeInputException">The view failed.</exception>
    public void End()
    {
        Dispose();
        if (_view.Fault is { } fault)
        {
            throw new BeeInputException("ViewFailed", $"The live view failed: {fault.Message}", "Use Invoke-BeeProgram, which shows the same events as a plain table.", inner: fault);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _view.Dispose();
            Volatile.Write(ref s_taken, 0);
        }
    }
}
