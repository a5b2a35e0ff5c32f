using Bee.Cmdlets.Errors;
using Bee.Terminal;
using Bee.Terminal.Devices;
using Bee.Terminal.Frames;
using Bee.Terminal.Models;
using Bee.Toolchain.Isolation;

namespace Bee.Cmdlets.Live;

/// <summary>The one live view of this process: a terminal shows one at a time.</summary>
internal sealed class LiveScreen : IDisposable
{
    private static int s_taken;

    private readonly LiveView _view;
    private bool _disposed;

    private LiveScreen(LiveView view) => _view = view;

    /// <summary>Cancelled when the user has ended the view.</summary>
    public CancellationToken Closed => _view.Closed;

    /// <summary>Returns why a view cannot be shown here, as the end of a sentence; null if it can.</summary>
    public static string? WhyNot() => TerminalSupport.WhyNot();

    /// <summary>Takes the terminal and shows a model.</summary>
    /// <exception cref="BeeInputException">Another view has the terminal.</exception>
    public static LiveScreen Show(LiveModel model)
    {
        if (Interlocked.Exchange(ref s_taken, 1) != 0)
        {
            throw new BeeInputException("ViewInUse", "A live view is open in this process already.", "Close it first, with q.");
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
    /// <param name="cancellationToken">Ends the waiting.</param>
    public void Wait(CancellationToken cancellationToken) => _view.Wait(cancellationToken);

    /// <summary>Ends the view and throws what broke it. Whatever is watched must be detached by now.</summary>
    /// <exception cref="BeeInputException">The view failed.</exception>
    public void End()
    {
        Dispose();
        if (_view.Fault is { } fault)
        {
            throw new BeeInputException("ViewFailed", $"The live view failed: {fault.Message}", "Invoke-BeeProgram shows the same as a plain table.", inner: fault);
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
