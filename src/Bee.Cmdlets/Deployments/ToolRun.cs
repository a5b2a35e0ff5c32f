using System.Collections;
using System.Management.Automation;
using System.Runtime.InteropServices;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Programs;
using Bee.Ebpf.Records;
using Bee.Oci.Formats;
using Bee.Oci.Store;
using Bee.Posix;
using Bee.Telemetry.Lines;
using Microsoft.Win32.SafeHandles;

namespace Bee.Cmdlets.Deployments;

/// <summary>
/// The entry point of a container (module/Bee/bee-run.ps1): runs one tool, writes its events as JSON lines to standard output, and returns an exit code. The kernel gives the first process of a
/// container no default action for signals, so this type handles those that end it.
/// </summary>
public static partial class ToolRun
{
    private const string UsageText = """
        usage: bee-run IMAGE [ARGUMENT...]

        Runs a tool and writes its events as JSON lines. Each argument can also be set in an environment variable: BEE_RUN_IMAGE, BEE_RUN_DURATION=10s, BEE_RUN_PARAMETER_target_pid=1.

        """;

    // If standard output blocks, the run cannot end by itself. After this time the process exits, and the kernel detaches its programs.
    private static readonly TimeSpan s_exitTimeout = TimeSpan.FromMilliseconds(1200);

    // Standard error may block as well.
    private static readonly TimeSpan s_messageTimeout = TimeSpan.FromMilliseconds(300);

    /// <summary>Runs a tool in the calling session.</summary>
    /// <param name="commandLine">The command line of the process. The arguments after <paramref name="script"/> belong to the entry point.</param>
    /// <param name="script">The path of the entry point's script.</param>
    /// <returns>The exit code.</returns>
    public static int Main(string[] commandLine, string script)
    {
        ArgumentNullException.ThrowIfNull(commandLine);
        int at = Array.FindIndex(commandLine, word => Path.GetFileName(word) == Path.GetFileName(script));
        return (int)Run(commandLine[(at + 1)..], Environment.GetEnvironmentVariables(), Console.OpenStandardOutput(), Console.Error);
    }

    /// <summary>Runs a tool.</summary>
    internal static ToolExit Run(IReadOnlyList<string> arguments, IDictionary environment, Stream output, TextWriter messages)
    {
        ToolArguments read;
        var command = new CmdletInfo("Invoke-BeeProgram", typeof(InvokeProgramCommand));
        try
        {
            read = ToolArguments.Read(arguments, environment, command.Parameters.Values);
        }
        catch (BeeInputException wrong)
        {
            return End(messages, ToolExit.Usage, wrong.Message, wrong.Remedy);
        }

        if (read.IsHelp)
        {
            using var text = new StreamWriter(output, leaveOpen: true);
            text.WriteLine($"{UsageText}{read.Usage()}");
            return ToolExit.Ended;
        }

        if (read.Image is not { } image)
        {
            return End(messages, ToolExit.Usage, "No image was given.", "Use bee-run IMAGE, or set the variable BEE_RUN_IMAGE.");
        }

        using var lines = new EventLines(output, NameOf(image, read));
        using var shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
        shell.AddCommand(command).AddParameter("Program", image).AddParameters(read.Values);
        shell.AddCommand(new CmdletInfo("Write-BeeEventLine", typeof(WriteLineCommand))).AddParameter("Lines", lines);
        return Run(shell, lines, messages);
    }

    // A container refers to its tool by digest. The lines have the tool's name instead.
    private static string NameOf(string image, ToolArguments read)
    {
        try
        {
            return ImageNames.ShortName(new ImageStores(read.Values["Store"] as string).Find(image)?.Reference ?? image);
        }
        catch (StoreException)
        {
            // The run itself reports errors of the store.
            return ImageNames.ShortName(image);
        }
    }

    private static ToolExit Run(PowerShell shell, EventLines lines, TextWriter messages)
    {
        string? signal = null;
        using var ended = new ManualResetEventSlim();
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            if (Interlocked.Exchange(ref signal, context.Signal.ToString()) is null)
            {
                _ = Task.Run(() => shell.BeginStop(null, null));
                // On a thread of its own: all threads of the pool may be blocked on the output.
                new Thread(() =>
                {
                    if (!ended.Wait(s_exitTimeout))
                    {
                        // Not through Console: a blocked write to its output holds the lock of its error output too.
                        byte[] line = System.Text.Encoding.UTF8.GetBytes($"bee-run: Cannot write to the output: no process reads it. (exit code {(int)ToolExit.OutputClosed})\n");
                        var reason = new Thread(() => WriteError(line)) { IsBackground = true };
                        reason.Start();
                        reason.Join(s_messageTimeout);
                        Libc._exit((int)ToolExit.OutputClosed);
                    }
                })
                { IsBackground = true }.Start();
            }
        }

        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        shell.Streams.Warning.DataAdded += (_, added) => messages.WriteLine($"bee-run: warning: {shell.Streams.Warning[added.Index].Message}");
        shell.Streams.Verbose.DataAdded += (_, added) => messages.WriteLine($"bee-run: {shell.Streams.Verbose[added.Index].Message}");
        ErrorRecord? error = null;
        try
        {
            shell.Invoke();
            error = shell.Streams.Error.LastOrDefault();
        }
        catch (PipelineStoppedException)
        {
            // A signal stopped the pipeline.
        }
        catch (RuntimeException thrown)
        {
            error = thrown.ErrorRecord;
        }

        lines.Dispose();
        ended.Set();
        return lines.Fault is { } closed ? End(messages, ToolExit.OutputClosed, $"The output was closed: {closed.Message}", null)
            : error is not null ? End(messages, ToolExits.Of(error), error.ErrorDetails?.Message ?? error.Exception.Message, error.ErrorDetails?.RecommendedAction)
            : End(messages, ToolExit.Ended, signal is null ? "The tool has ended." : $"The tool was ended by {signal}.", null);
    }

    private static ToolExit End(TextWriter messages, ToolExit code, string reason, string? remedy)
    {
        string line = string.IsNullOrEmpty(remedy) ? reason : $"{reason} {remedy}";
        messages.WriteLine($"bee-run: {TerminalText.Show(line.ReplaceLineEndings(" "))} (exit code {(int)code})");
        messages.Flush();
        return code;
    }

    private static unsafe void WriteError(byte[] line)
    {
        using var error = new SafeFileHandle(2, ownsHandle: false);
        fixed (byte* bytes = line)
        {
            _ = Libc.write(error, bytes, (nuint)line.Length);
        }
    }
}

/// <summary>The last command of the entry point's pipeline, which writes each event as a line. The module does not export it.</summary>
[Cmdlet(VerbsCommunications.Write, "BeeEventLine")]
internal sealed class WriteLineCommand : PSCmdlet
{
    /// <summary>The event.</summary>
    [Parameter(ValueFromPipeline = true)]
    public BpfEvent? Event { get; set; }

    /// <summary>The writer of the lines.</summary>
    [Parameter]
    public EventLines? Lines { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (Event is { } item)
        {
            Lines?.Write(item);
        }
    }
}

/// <summary>The exit codes of the entry point. docs/containers.md lists them, and orchestrators depend on them, so none may change.</summary>
internal enum ToolExit
{
    /// <summary>The tool ended as requested: by a signal, after a duration or after a number of events.</summary>
    Ended = 0,

    /// <summary>An error without a code of its own.</summary>
    Unexpected = 1,

    /// <summary>An argument or a variable is invalid.</summary>
    Usage = 2,

    /// <summary>The image does not exist, or has no program for this platform.</summary>
    NotFound = 3,

    /// <summary>The image is not trusted, or is damaged.</summary>
    NotTrusted = 4,

    /// <summary>The process lacks a capability, or a security policy forbids the call.</summary>
    NoPermission = 5,

    /// <summary>The attach target does not exist.</summary>
    NoTarget = 6,

    /// <summary>The kernel cannot run the tool: it lacks a feature or BTF, or the verifier rejects a program.</summary>
    Refused = 7,

    /// <summary>A request to a registry failed.</summary>
    Registry = 8,

    /// <summary>Standard output is closed.</summary>
    OutputClosed = 9,

    /// <summary>The address for metrics is in use, or is not allowed.</summary>
    Listen = 10,

    /// <summary>The programs exceeded their overhead limit and were detached.</summary>
    Overhead = 11,
}

/// <summary>Maps errors to exit codes.</summary>
internal static class ToolExits
{
    /// <summary>Returns the exit code of an error record.</summary>
    public static ToolExit Of(ErrorRecord error)
    {
        string id = error.FullyQualifiedErrorId.Split(',')[0];
        int dot = id.IndexOf('.', StringComparison.Ordinal);
        string family = dot < 0 ? id : id[..dot];
        string fault = dot < 0 ? "" : id[(dot + 1)..];
        return family switch
        {
            "Trust" or "Signature" => ToolExit.NotTrusted,
            "Store" => fault switch
            {
                "NotFound" or "MissingBlob" or "NoProgram" or "NotAStore" => ToolExit.NotFound,
                "NoPermission" => ToolExit.NoPermission,
                "Ambiguous" or "BadReference" or "BadPlatform" => ToolExit.Usage,
                "DigestMismatch" or "Untrusted" or "DamagedIndex" or "DamagedManifest" or "DamagedConfig" => ToolExit.NotTrusted,
                _ => ToolExit.Unexpected,
            },
            "LoadFailed" => fault switch
            {
                "NoPermission" => ToolExit.NoPermission,
                "NoTarget" or "NoPlace" or "NoProcess" => ToolExit.NoTarget,
                "BadParameter" => ToolExit.Usage,
                _ => ToolExit.Refused,
            },
            "Registry" => fault is "NotFound" or "NoPlatform" ? ToolExit.NotFound : fault == "DigestMismatch" ? ToolExit.NotTrusted : ToolExit.Registry,
            "MapEntry" => fault == "NoPermission" ? ToolExit.NoPermission : ToolExit.Usage,
            "Metric" or "MetricServer" => ToolExit.Listen,
            "ImageNotFound" or "FileNotFound" or "OtherPlatform" => ToolExit.NotFound,
            "BadObject" => ToolExit.Refused,
            "BadParameter" or "ParameterNotFound" or "MapNotFound" or "BadSettings" => ToolExit.Usage,
            "AccessDenied" => ToolExit.NoPermission,
            "OverheadExceeded" => ToolExit.Overhead,
            // The engine's errors for an invalid argument. Their records no longer have the type of the exception.
            "ParameterArgumentTransformationError" or "ParameterArgumentValidationError" => ToolExit.Usage,
            _ => error.Exception is ParameterBindingException || error.CategoryInfo.Category == ErrorCategory.InvalidArgument ? ToolExit.Usage : ToolExit.Unexpected,
        };
    }
}
