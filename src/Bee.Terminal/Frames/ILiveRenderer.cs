using Bee.Terminal.Screens;

namespace Bee.Terminal.Frames;

/// <summary>Lays out what a view shows. Called from one thread.</summary>
public interface ILiveRenderer
{
    /// <summary>Returns the lines of a frame, <see cref="LiveFrame.Height"/> at most, each of <see cref="LiveFrame.Width"/> cells at most.</summary>
    /// <param name="frame">What to show.</param>
    IReadOnlyList<IReadOnlyList<StyledCell>> Render(LiveFrame frame);
}
