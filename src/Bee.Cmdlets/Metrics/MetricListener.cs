using System.Net;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Security;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Errors;
using Bee.Telemetry.Metrics;
using Bee.Telemetry.Serving;

namespace Bee.Cmdlets.Metrics;

/// <summary>The access settings of a metric server.</summary>
internal sealed record MetricAccess
{
    public SecureString? Token { get; init; }

    /// <summary>A file whose first line is the token.</summary>
    public string? TokenFile { get; init; }

    public string? Certificate { get; init; }

    public string? CertificateKey { get; init; }

    public SecureString? CertificatePassword { get; init; }

    public bool AllowAnonymous { get; init; }

    /// <summary>Returns the token; null if scrapers need none.</summary>
    public string? ReadToken() => Token is not null ? Plain(Token)
        : TokenFile is not null ? FromFile(TokenFile)
        : Environment.GetEnvironmentVariable(EnvironmentVariables.MetricToken) is { Length: > 0 } set ? set.Trim()
        : null;

    public string? Password => CertificatePassword is null ? null : Plain(CertificatePassword);

    private static string FromFile(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            string reason = error is FileNotFoundException or DirectoryNotFoundException ? "it does not exist." : error.Message;
            throw new MetricServerException(
                MetricServerFault.InvalidToken,
                $"The token file '{path}' cannot be read: {reason}",
                $"Write the token to a file that this user can read, or give it with -Token or the environment variable {EnvironmentVariables.MetricToken}.",
                error);
        }
    }

    private static string Plain(SecureString text) => new NetworkCredential("", text).Password;
}

/// <summary>A metric server and its sources, which can be added later.</summary>
internal sealed class MetricListener : IDisposable
{
    private readonly object _gate = new();
    private IMetricSource[] _sources = [];

    private MetricListener(string listen, MetricAccess access)
    {
        Server = MetricServer.Start(new MetricServerOptions
        {
            Listen = listen,
            // Before a tool is attached there are no sources, so the server reports that it is not ready.
            Sources = () => _sources is { Length: > 0 } sources ? [.. sources, BuildInfo.Source] : [],
            BearerToken = access.ReadToken(),
            CertificatePath = access.Certificate,
            KeyPath = access.CertificateKey,
            CertificatePassword = access.Password,
            AllowAnonymous = access.AllowAnonymous,
        });
    }

    public MetricServer Server { get; }

    /// <summary>Starts the server. If it cannot listen on the address, the command is terminated with an error.</summary>
    public static MetricListener Start(BeeCmdlet cmdlet, string listen, MetricAccess access)
    {
        try
        {
            return new MetricListener(listen, access);
        }
        catch (Exception error) when (ErrorRecords.IsExpected(error))
        {
            cmdlet.ThrowTerminatingError(ErrorRecords.From(error, listen));
            throw;
        }
    }

    public void Add(IMetricSource source)
    {
        lock (_gate)
        {
            _sources = [.. _sources, source];
        }
    }

    public void Remove(IMetricSource source)
    {
        lock (_gate)
        {
            _sources = [.. _sources.Where(one => one != source)];
        }
    }

    public void Dispose() => Server.Dispose();
}

/// <summary>The metric with the version of Bee.</summary>
internal sealed class BuildInfo : IMetricSource
{
    public static BuildInfo Source { get; } = new();

    public static MetricFamily Family { get; } = new(
        new MetricDescriptor("bee_build", MetricType.Info, null, "The versions of Bee, the .NET runtime and the kernel.", ["version", "runtime", "kernel"]),
        [new MetricSeries([Version, RuntimeInformation.FrameworkDescription, Environment.OSVersion.Version.ToString()], 1)]);

    public bool IsReady => true;

    public IReadOnlyList<MetricFamily> Collect(CancellationToken cancellationToken) => [Family];

    private static string Version =>
        typeof(BuildInfo).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";
}
