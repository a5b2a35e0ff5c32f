using System.Collections;
using System.Management.Automation;
using System.Text;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Completion;
using Bee.Cmdlets.Tools;
using Bee.Oci.Store;
using Bee.Posix;
using Bee.Telemetry.Collection;
using Bee.Telemetry.Dashboards;

namespace Bee.Cmdlets.Metrics;

/// <summary>Writes a Grafana dashboard for the metrics of a tool, without running the tool.</summary>
[Cmdlet(VerbsData.Export, "BeeDashboard", SupportsShouldProcess = true, DefaultParameterSetName = "Program")]
[OutputType(typeof(FileInfo))]
public sealed class ExportDashboardCommand : ProgramCmdlet
{
    /// <summary>The output file.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    public string OutFile { get; set; } = string.Empty;

    /// <summary>The dashboard's title. By default the tool's name.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? Title { get; set; }

    /// <summary>The naming convention of the served metrics: Prometheus' or BumbleBee's.</summary>
    [Parameter]
    public MetricNaming MetricNames { get; set; }

    /// <summary>Fails if the file exists, instead of replacing it.</summary>
    [Parameter]
    public SwitchParameter NoClobber { get; set; }

    /// <summary>Include folders for a C file, searched before those in its bee.yaml.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] IncludePath { get; set; } = [];

    /// <summary>
    /// The C types of records that no declaration names: a hashtable that maps ring buffers, perf buffers and iterators to structs.
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(RecordTypeCompleter))]
    public IDictionary? RecordType { get; set; }

    private protected override string[] Includes => IncludePath;

    private protected override IDictionary? RecordTypes => RecordType;

    /// <inheritdoc/>
    protected override void ProcessRecord() => Guard(Target, () =>
    {
        string path = FullPath(OutFile);
        OutputFile.Check(path, NoClobber);

        Image? image = Tools.FindImage(Program, Image);
        // An image for another platform has the same metrics.
        if ((image is null ? Verified(() => Tools.FromFile(FullPath(Program))) : Tools.FromImage(image, Tools.Check(image))) is not { } tool)
        {
            return;
        }

        var metrics = ToolMetrics.Of(tool.File, new SessionMetricsOptions { Tool = tool.Name, Naming = MetricNames });
        if (metrics.Metrics.Count == 0)
        {
            WriteWarning($"{tool.Name} has no counter_, gauge_ or hist_ map: the dashboard shows its sessions only.");
        }

        if (ShouldProcess(path, $"Write the dashboard of {tool.Name}"))
        {
            string text = GrafanaDashboard.Make(metrics, new DashboardOptions(tool.Name) { Title = Title, Description = Description(image, tool), Naming = MetricNames });
            AtomicFile.Write(path, file => file.Write(Encoding.UTF8.GetBytes(text)), overwrite: !NoClobber);
            WriteObject(InvokeProvider.Item.Get([path], force: true, literalPath: true), enumerateCollection: true);
        }
    });

    private Tool? Verified(Func<Tool?> read)
    {
        Verifier.RefuseIfRequired($"the file {Program}");
        return read();
    }

    // Does not mention a file's path, which means nothing on another machine.
    private static string Description(Image? image, Tool tool)
        => image is null ? $"Metrics of the eBPF tool {tool.Name}." : $"Metrics of the eBPF tool {tool.Name}, image {image.Reference} ({image.Digest}).";
}
