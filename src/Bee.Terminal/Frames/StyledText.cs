using Bee.Terminal.Screens;

namespace Bee.Terminal.Frames;

/// <summary>Text in one style.</summary>
/// <param name="Text">The text, on one line.</param>
/// <param name="Style">How it looks.</param>
public readonly record struct StyledText(string Text, CellStyle Style = default);
