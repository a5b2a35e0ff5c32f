using System.Globalization;
using System.Text;
using Bee.Terminal.Frames;
using Bee.Terminal.Keys;
using Bee.Terminal.Models;
using Bee.Terminal.Screens;
using Bee.Toolchain.Isolation;

namespace Bee.Terminal.Tests.Support;

/// <summary>Shows a model on a virtual screen, with the real layout and encoding, and passes keys as bytes.</summary>
internal sealed class Viewer
{
    private readonly ILiveRenderer _renderer = Isolated.Create<ILiveRenderer>();
    private readonly FrameWriter _writer = new(plain: false);
    private readonly KeyDecoder _decoder = new();
    private readonly VirtualScreen _screen;
    private readonly int _width;
    private readonly int _height;

    public Viewer(int width, int height)
    {
        (_width, _height, _screen) = (width, height, new VirtualScreen(width, height));
        Model = new LiveModel("tool", () => Status);
    }

    public LiveModel Model { get; }

    public LiveStatus Status { get; set; } = new(0, 0, null, 0, 0, true, false);

    /// <summary>The time in milliseconds, for model and tabs.</summary>
    public long Now { get; set; }

    public IReadOnlyList<string> Lines => _screen.Lines;

    public string Text => string.Join('\n', Lines);

    /// <summary>The line of the selected row; negative if no row is.</summary>
    public int SelectedLine => Enumerable.Range(2, _height - 4).Where(row => _screen.StyleOf(row, 3).Split(';').Contains("7")).DefaultIfEmpty(-1).First();

    /// <summary>The first columns of a tab of numbers.</summary>
    public static LiveSchema Numbers { get; } = new("numbers",
    [
        new("Number", true, 8, 10, 5, item => ((int)item).ToString(CultureInfo.InvariantCulture), item => (int)item),
        new("Parity", false, 6, 8, 4, item => (int)item % 2 == 0 ? "even" : "odd", item => (int)item % 2),
        new("Text", false, 10, 100, 6, item => $"number {item} of many", item => $"number {item} of many"),
    ],
    item => $"Number : {item}\nText   : number {item} of many");

    /// <summary>Passes keys as the bytes that a terminal sends, and returns the new screen.</summary>
    public Viewer Press(string keys)
    {
        foreach (Key key in _decoder.Add(Encoding.UTF8.GetBytes(keys)).Concat(_decoder.Flush()))
        {
            Model.Handle(key);
        }

        return Look();
    }

    public Viewer Look()
    {
        IReadOnlyList<IReadOnlyList<StyledCell>> lines = _renderer.Render(Model.Look(_width, _height, Now));
        Assert.True(lines.Count <= _height, $"{lines.Count} lines");
        Assert.All(lines, line => Assert.True(line.Count <= _width, $"{line.Count} cells"));
        _screen.Write(_writer.Write(lines, _width, _height));
        return this;
    }
}
