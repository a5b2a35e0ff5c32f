using System.Collections;
using System.Management.Automation;
using System.Net;
using System.Security;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Completion;
using Bee.Cmdlets.Errors;
using Bee.Telemetry.Otlp;

namespace Bee.Cmdlets.Metrics;

/// <summary>The values of the OTLP parameters, which cmdlets for metrics and for events share.</summary>
internal sealed class OtlpArguments
{
    private static readonly TimeSpan s_shortest = TimeSpan.FromMilliseconds(100);

    /// <summary>-OtlpEndpoint; null for no export.</summary>
    public string? Endpoint { get; init; }

    /// <summary>-OtlpHeader.</summary>
    public IDictionary? Header { get; init; }

    /// <summary>-OtlpProtocol.</summary>
    public OtlpProtocol? Protocol { get; init; }

    /// <summary>-OtlpTemporality.</summary>
    public OtlpTemporality? Temporality { get; init; }

    /// <summary>-OtlpInterval.</summary>
    public TimeSpan? Interval { get; init; }

    /// <summary>Combines the parameters with the environment variables, and warns of ineffective ones. Invalid options terminate the command.</summary>
    /// <returns>The options; null without an endpoint.</returns>
    public OtlpOptions? Resolve(BeeCmdlet cmdlet, OtlpSignal signal)
    {
        if (Endpoint is null)
        {
            foreach (string name in cmdlet.MyInvocation.BoundParameters.Keys.Where(name => name.StartsWith("Otlp", StringComparison.OrdinalIgnoreCase)))
            {
                cmdlet.WriteWarning($"-{name} has no effect without -OtlpEndpoint.");
            }

            return null;
        }

        try
        {
            OtlpOptions options = new OtlpSettings
            {
                Endpoint = Endpoint,
                Headers = Header is null ? null : [.. Header.Cast<DictionaryEntry>().Select(Plain)],
                Protocol = Protocol,
                Temporality = Temporality,
                Interval = Interval < s_shortest ? s_shortest : Interval,
            }.Resolve(signal, Environment.GetEnvironmentVariable);
            foreach (string warning in options.Warnings)
            {
                cmdlet.WriteWarning(warning);
            }

            cmdlet.WriteNote($"OTLP goes to {options.Destination}.");
            return options;
        }
        catch (OtlpException error)
        {
            // No target object, because the value may be a secret.
            cmdlet.ThrowTerminatingError(ErrorRecords.From(error, null));
            throw;
        }
    }

    private static KeyValuePair<string, string> Plain(DictionaryEntry header)
    {
        object? value = header.Value is PSObject wrapped ? wrapped.BaseObject : header.Value;
        return new($"{header.Key}", value switch
        {
            SecureString secret => new NetworkCredential("", secret).Password,
            string text => text,
            IFormattable number => number.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
            _ => throw new OtlpException(OtlpFault.InvalidHeader, $"The value of the header '{header.Key}' is neither text nor a SecureString.", "Use one of these types."),
        });
    }
}

/// <summary>Offers OTLP endpoints.</summary>
public sealed class OtlpEndpointCompleter : BeeCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound) =>
    [
        new(OtlpSettings.FromEnvironment, "The endpoint of the variables OTEL_EXPORTER_OTLP_…, or http://localhost:4318"),
        new("http://localhost:4318", "A collector on this machine"),
    ];
}
