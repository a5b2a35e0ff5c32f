using System.Collections.ObjectModel;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;
using System.Text;

namespace Bee.Cmdlets.Tests;

/// <summary>A stand-in for a terminal: records output as plain text, reads no keys, and answers no prompts.</summary>
internal sealed class Terminal(int width) : PSHost
{
    private readonly CapturedScreen _screen = new(width);

    /// <summary>The text written so far, without the lines of the other streams.</summary>
    public string Text => _screen.Text;

    public override string Name => "Bee tests";

    public override Version Version { get; } = new(1, 0);

    public override Guid InstanceId { get; } = Guid.NewGuid();

    public override PSHostUserInterface UI => _screen;

    public override CultureInfo CurrentCulture => CultureInfo.CurrentCulture;

    public override CultureInfo CurrentUICulture => CultureInfo.CurrentUICulture;

    public override void SetShouldExit(int exitCode)
    {
    }

    public override void EnterNestedPrompt() => throw new NotSupportedException();

    public override void ExitNestedPrompt() => throw new NotSupportedException();

    public override void NotifyBeginApplication()
    {
    }

    public override void NotifyEndApplication()
    {
    }

    private sealed class CapturedScreen(int width) : PSHostUserInterface
    {
        // Background sessions write from their own threads.
        private readonly StringBuilder _text = new();
        private readonly Lock _writing = new();

        public string Text
        {
            get
            {
                lock (_writing)
                {
                    return _text.ToString();
                }
            }
        }

        public override PSHostRawUserInterface RawUI { get; } = new ScreenSize(width);

        public override bool SupportsVirtualTerminal => false;

        public override void Write(string value)
        {
            // The formatter adds colors and leaves it to the host to remove them.
            value = GetOutputString(value, SupportsVirtualTerminal);
            lock (_writing)
            {
                _text.Append(value);
            }
        }

        public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) => Write(value);

        public override void WriteLine(string value) => Write(value + "\n");

        public override void WriteErrorLine(string value)
        {
        }

        public override void WriteWarningLine(string message)
        {
        }

        public override void WriteVerboseLine(string message)
        {
        }

        public override void WriteDebugLine(string message)
        {
        }

        public override void WriteProgress(long sourceId, ProgressRecord record)
        {
        }

        public override string ReadLine() => string.Empty;

        public override SecureString ReadLineAsSecureString() => throw new NotSupportedException();

        public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions) =>
            throw new NotSupportedException();

        public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) =>
            throw new NotSupportedException();

        public override PSCredential PromptForCredential(
            string caption, string message, string userName, string targetName, PSCredentialTypes allowedCredentialTypes, PSCredentialUIOptions options) =>
            throw new NotSupportedException();

        public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice) => defaultChoice;
    }

    // The formatter reads only the width of a screen.
    private sealed class ScreenSize(int width) : PSHostRawUserInterface
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

        public override string WindowTitle { get; set; } = string.Empty;

        public override bool KeyAvailable => false;

        public override KeyInfo ReadKey(ReadKeyOptions options) => throw new NotSupportedException();

        public override void FlushInputBuffer()
        {
        }

        public override BufferCell[,] GetBufferContents(Rectangle rectangle) => throw new NotSupportedException();

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
}
