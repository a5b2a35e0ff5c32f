using System.Management.Automation.Host;

namespace Bee.EngineHost;

/// <summary>A screen that has a width and nothing else: the formatter asks for no more.</summary>
internal sealed class ConsoleScreen(int width) : PSHostRawUserInterface
{
    public override Size BufferSize { get; set; } = new(width, 3000);

    public override Size WindowSize { get; set; } = new(width, 50);

    public override Size MaxWindowSize => WindowSize;

    public override Size MaxPhysicalWindowSize => WindowSize;

    public override Coordinates CursorPosition { get; set; }

    public override Coordinates WindowPosition { get; set; }

    public override int CursorSize { get; set; } = 25;

    public override ConsoleColor ForegroundColor { get; set; } = ConsoleColor.Gray;

    public override ConsoleColor BackgroundColor { get; set; } = ConsoleColor.Black;

    public override string WindowTitle { get; set; } = "bee-host";

    public override bool KeyAvailable => false;

    public override KeyInfo ReadKey(ReadKeyOptions options) => throw new NotSupportedException("bee-host reads no keys.");

    public override void FlushInputBuffer()
    {
    }

    public override BufferCell[,] GetBufferContents(Rectangle rectangle) => throw new NotSupportedException("bee-host keeps no screen.");

    public override void ScrollBufferContents(Rectangle source, Coordinates destination, Rectangle clip, BufferCell fill)
    {
    }

    public override void SetBufferContents(Coordinates origin, BufferCell[,] contents)
    {
    }

    public override void SetBufferContents(Rectangle rectangle, BufferCell fill)
    {
    }
}
