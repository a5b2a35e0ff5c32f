using System.Collections.Concurrent;
using Bee.Terminal.Devices;

namespace Bee.Terminal.Tests.Support;

/// <summary>A terminal whose keys come from a test, and whose screen is virtual.</summary>
internal sealed class FakeTerminal : ITerminal
{
    private readonly BlockingCollection<byte[]> _input = [];
    private readonly object _gate = new();
    private VirtualScreen _screen = new(80, 24);

    public (int Width, int Height) Size { get; private set; } = (80, 24);

    public bool IsEntered { get; private set; }

    public int Entered { get; private set; }

    public int Suspended { get; private set; }

    public bool IsGone { get; set; }

    /// <summary>When frames were written, in milliseconds.</summary>
    public List<long> Writes { get; } = [];

    public string Text
    {
        get
        {
            lock (_gate)
            {
                return string.Join('\n', _screen.Lines);
            }
        }
    }

    public void Type(string keys) => _input.Add(System.Text.Encoding.UTF8.GetBytes(keys));

    public void Resize(int width, int height)
    {
        lock (_gate)
        {
            (Size, _screen) = ((width, height), new VirtualScreen(width, height));
        }
    }

    /// <summary>Waits until the screen has a text.</summary>
    public void WaitFor(string text) => Wait.Until(() => Text.Contains(text, StringComparison.Ordinal), () => $"The screen never had '{text}':\n{Text}");

    public void Enter() => (IsEntered, Entered) = (true, Entered + 1);

    public void Renew() => Assert.True(IsEntered);

    public void Leave() => IsEntered = false;

    public void Write(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            Writes.Add(Environment.TickCount64);
            _screen.Write(bytes.ToArray());
        }
    }

    public int Read(Span<byte> buffer, TimeSpan wait)
    {
        if (IsGone)
        {
            return -1;
        }

        if (!_input.TryTake(out byte[]? bytes, wait))
        {
            return 0;
        }

        bytes.CopyTo(buffer);
        return bytes.Length;
    }

    public void Wake() => _input.Add([]);

    public void Suspend()
    {
        Assert.False(IsEntered, "The terminal is stopped as the view has it.");
        Suspended++;
    }

    public void Dispose() => Leave();
}
