using System.Collections.ObjectModel;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;

namespace Bee.EngineHost;

/// <summary>Writes output on one writer and the other streams on a second, plain text, at a width of its own; tests hand in writers to capture both.</summary>
public sealed class ConsoleUserInterface(TextWriter output, TextWriter messages, int width) : PSHostUserInterface
{
    private readonly Lock _writing = new();

    /// <inheritdoc/>
    public override PSHostRawUserInterface RawUI { get; } = new ConsoleScreen(width);

    /// <inheritdoc/>
    public override bool SupportsVirtualTerminal => false;

    /// <summary>The columns to format for: $COLUMNS, else the terminal's own, else 80.</summary>
    public static int TerminalWidth()
    {
        if (int.TryParse(Environment.GetEnvironmentVariable("COLUMNS"), NumberStyles.None, CultureInfo.InvariantCulture, out int columns) && columns >= 20)
        {
            return columns;
        }

        return !Console.IsOutputRedirected && Console.WindowWidth >= 20 ? Console.WindowWidth : 80;
    }

    /// <inheritdoc/>
    public override void Write(string value) => Put(output, value, newLine: false);

    /// <inheritdoc/>
    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) => Write(value);

    /// <inheritdoc/>
    public override void WriteLine(string value) => Put(output, value, newLine: true);

    /// <inheritdoc/>
    public override void WriteErrorLine(string value) => Put(messages, value, newLine: true);

    /// <inheritdoc/>
    public override void WriteWarningLine(string message) => Put(messages, "WARNING: " + message, newLine: true);

    /// <inheritdoc/>
    public override void WriteVerboseLine(string message) => Put(messages, "VERBOSE: " + message, newLine: true);

    /// <inheritdoc/>
    public override void WriteDebugLine(string message) => Put(messages, "DEBUG: " + message, newLine: true);

    /// <summary>Progress is for people at a terminal who wait; this host shows none.</summary>
    public override void WriteProgress(long sourceId, ProgressRecord record)
    {
    }

    /// <inheritdoc/>
    public override string ReadLine() => Console.In.ReadLine() ?? string.Empty;

    /// <inheritdoc/>
    public override SecureString ReadLineAsSecureString() => throw NoPrompt("a secret");

    /// <inheritdoc/>
    public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions) =>
        throw NoPrompt(string.Join(", ", descriptions.Select(field => field.Name)));

    /// <inheritdoc/>
    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) => throw NoPrompt("a credential");

    /// <inheritdoc/>
    public override PSCredential PromptForCredential(
        string caption, string message, string userName, string targetName, PSCredentialTypes allowedCredentialTypes, PSCredentialUIOptions options) =>
        throw NoPrompt("a credential");

    /// <summary>Answers with the default, so that nothing that runs unattended waits for somebody.</summary>
    public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice) => defaultChoice;

    private static HostException NoPrompt(string what) => new($"This host asks nothing; give {what} on the command line.");

    // Background programs write from their own threads: a line stays a line.
    private void Put(TextWriter writer, string text, bool newLine)
    {
        // The formatter colours what it writes and leaves it to the host to take the colours out.
        text = GetOutputString(text, SupportsVirtualTerminal);
        lock (_writing)
        {
            if (newLine)
            {
                writer.WriteLine(text);
            }
            else
            {
                writer.Write(text);
            }

            writer.Flush();
        }
    }
}
