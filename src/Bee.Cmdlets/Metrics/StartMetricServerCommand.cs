using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Security;
using Bee.Cmdlets.Completion;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Sessions;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Programs;
using Bee.Telemetry.Serving;

namespace Bee.Cmdlets.Metrics;

/// <summary>Serves the metrics of background sessions to Prometheus and other scrapers.</summary>
[Cmdlet(VerbsLifecycle.Start, "BeeMetricServer", SupportsShouldProcess = true)]
[OutputType(typeof(BeeMetricServer))]
public sealed class StartMetricServerCommand : MetricCmdlet
{
    private readonly HashSet<BpfProgramSession> _chosen = [];
    private MetricListener? _listener;
    private StatisticsLease? _statistics;

    /// <summary>The address and port: 127.0.0.1:9435 by default. A port alone means 127.0.0.1; port 0 selects a free one.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string Listen { get; set; } = MetricServerOptions.DefaultListen;

    /// <summary>The token that scrapers must send. By default that of -TokenFile or of the environment variable BEE_METRIC_TOKEN, if any.</summary>
    [Parameter]
    [ValidateNotNull]
    public SecureString? Token { get; set; }

    /// <summary>A file with the token that scrapers must send.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? TokenFile { get; set; }

    /// <summary>A file with the certificate for TLS: PEM or PKCS#12.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Certificate { get; set; }

    /// <summary>A file with the certificate's private key (PEM), if the certificate's file does not contain it.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? CertificateKey { get; set; }

    /// <summary>The password of the key or of the PKCS#12 file.</summary>
    [Parameter]
    [ValidateNotNull]
    public SecureString? CertificatePassword { get; set; }

    /// <summary>Allows other machines to read the metrics without a token and without TLS.</summary>
    [Parameter]
    public SwitchParameter AllowAnonymous { get; set; }

    /// <summary>
    /// Also serves the run count and run time of each program. While the server runs, the kernel's statistics are on for all programs of the machine, which adds 20 to 100 ns to each run.
    /// </summary>
    [Parameter]
    public SwitchParameter Statistics { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        _chosen.UnionWith(new SessionSelector(this).Select(Session ?? []));
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        bool chooses = MyInvocation.BoundParameters.ContainsKey(nameof(Session)) || MyInvocation.ExpectingInput;
        if ((chooses && _chosen.Count == 0) || !ShouldProcess(Listen, "Serve metrics"))
        {
            return;
        }

        MetricSettings settings = Settings with { CountsRuns = Statistics };
        _statistics = Statistics ? TakeStatistics() : null;
        var metrics = new BackgroundMetrics(chooses ? _chosen.Contains : _ => true, settings);
        _listener = MetricListener.Start(this, Listen, new MetricAccess
        {
            Token = Token,
            TokenFile = TokenFile is null ? null : FullPath(TokenFile),
            Certificate = Certificate is null ? null : FullPath(Certificate),
            CertificateKey = CertificateKey is null ? null : FullPath(CertificateKey),
            CertificatePassword = CertificatePassword,
            AllowAnonymous = AllowAnonymous,
        });
        _listener.Add(metrics);
        settings.WarnOfUnknownLabels(this, metrics.Sessions);
        Runspace? owner = Runspace.DefaultRunspace;
        var server = new BeeMetricServer(RunningServers.NextId(), _listener.Server, metrics, MetricNames, owner?.InstanceId ?? Guid.Empty) { Statistics = _statistics };
        RunningServers.Add(server, owner);
        _listener = null;
        _statistics = null;
        WriteObject(server);
    }

    private StatisticsLease TakeStatistics()
    {
        try
        {
            return StatisticsLease.Acquire();
        }
        catch (BpfLoadException refused)
        {
            ThrowTerminatingError(ErrorRecords.From(refused, Listen));
            throw;
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _listener?.Dispose();
        _statistics?.Dispose();
        base.Dispose(disposing);
    }
}
