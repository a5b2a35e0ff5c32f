using System.Collections;
using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Completion;
using Bee.Cmdlets.Sessions;
using Bee.Cmdlets.Tools;
using Bee.Cmdlets.Views;
using Bee.Ebpf;
using Bee.Posix;

namespace Bee.Cmdlets.Programs;

/// <summary>Runs one program of a tool on given input, and returns its return value, changed data and output. Nothing is attached.</summary>
[Cmdlet(VerbsDiagnostic.Test, "BeeProgram", DefaultParameterSetName = "Image")]
[OutputType(typeof(ProgramTestResult))]
public sealed class TestProgramCommand : ProgramCmdlet
{
    /// <summary>The program to run. It can be omitted if only one program of the tool can be run on given input.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TestedProgramCompleter))]
    public string? Name { get; set; }

    /// <summary>The packet, from its Ethernet header on: bytes, or hex digits.</summary>
    [Parameter]
    [ValidateNotNull]
    [HexBytes]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public byte[]? Data { get; set; }

    /// <summary>The context: a hashtable with fields of its struct, a list of a raw tracepoint's arguments, or bytes.</summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public object? Context { get; set; }

    /// <summary>How many times the kernel runs the program on the input. 1 by default.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int Repeat { get; set; } = 1;

    /// <summary>The CPU to run on, for raw tracepoints.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int? Cpu { get; set; }

    /// <summary>Also returns the lines that the program writes with bpf_printk.</summary>
    [Parameter]
    public SwitchParameter Trace { get; set; }

    /// <inheritdoc cref="RunCmdlet.RecordType"/>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(RecordTypeCompleter))]
    public IDictionary? RecordType { get; set; }

    /// <inheritdoc cref="RunCmdlet.IncludePath"/>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] IncludePath { get; set; } = [];

    /// <inheritdoc cref="RunCmdlet.Parameter"/>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(ParameterCompleter))]
    public IDictionary? Parameter { get; set; }

    /// <summary>Entries for the tool's maps, set before the program runs: a hashtable of map names, as for Invoke-BeeProgram.</summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(MapEntriesCompleter))]
    public IDictionary? MapEntry { get; set; }

    /// <inheritdoc cref="RunCmdlet.MapSize"/>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(MapSizeCompleter))]
    public IDictionary? MapSize { get; set; }

    private protected override string[] Includes => IncludePath;

    private protected override IDictionary? RecordTypes => RecordType;

    /// <inheritdoc/>
    protected override void ProcessRecord() => Guard(Target, () =>
    {
        if (Tools.Resolve(Program, Image) is { } tool)
        {
            Run(tool);
        }
    });

    private void Run(Tool tool)
    {
        var options = new SessionOptions { Parameters = Parameter, MapEntries = MapEntry, MapSizes = MapSize, Trace = Trace };
        using ProgramTest test = new SessionFactory(options, this, this).LoadForTest(tool, Name);
        EventViews.Register(this, test.Streams);
        ProgramTestResult result = test.Run(new ProgramTestInput
        {
            // Converting null implicitly would make an empty packet.
            Data = Data is null ? (ReadOnlyMemory<byte>?)null : Data,
            Context = PlainValue.Of(Context),
            Repeat = Repeat,
            Cpu = Cpu,
        });
        if (result.Lost > 0)
        {
            WriteWarning($"The kernel lost {Quantity.Of(result.Lost, "event")}, because a buffer was full.");
        }

        WriteObject(result);
    }
}
