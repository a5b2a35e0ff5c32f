using System.Collections;
using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Completion;
using Bee.Oci.Registry.Authentication;

namespace Bee.Cmdlets.Registries;

/// <summary>The base of cmdlets that access registries.</summary>
public abstract class RegistryCmdlet : BeeCmdlet
{
    // The longest time in seconds that a timer supports.
    private const int LongestWait = int.MaxValue / 1000;

    private RegistryLink? _link;

    /// <summary>Uses plain http for all hosts. By default it is used only for localhost, 127.0.0.1 and ::1.</summary>
    [Parameter]
    public SwitchParameter PlainHttp { get; set; }

    /// <summary>A PEM file with certificate authorities to trust in addition to the system's.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? CACertificate { get; set; }

    /// <summary>Accepts any certificate, with a warning.</summary>
    [Parameter]
    public SwitchParameter SkipCertificateCheck { get; set; }

    /// <summary>The timeout in seconds for connecting and for the first byte of a response; 0 for none. 30 by default. Named as in PowerShell's web cmdlets.</summary>
    [Parameter]
    [Alias("TimeoutSec")]
    [ValidateRange(0, LongestWait)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int? ConnectionTimeoutSeconds { get; set; }

    /// <summary>The timeout in seconds for a stalled transfer; 0 for none. 60 by default. The total time of a transfer is not limited.</summary>
    [Parameter]
    [ValidateRange(0, LongestWait)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int? OperationTimeoutSeconds { get; set; }

    /// <summary>The connections.</summary>
    private protected RegistryLink Link => _link ??= new RegistryLink(this, new RegistryLinkOptions
    {
        PlainHttp = PlainHttp,
        CACertificate = CACertificate is { } file ? () => FullPath(file) : null,
        SkipCertificateCheck = SkipCertificateCheck,
        ConnectionTimeoutSeconds = ConnectionTimeoutSeconds,
        OperationTimeoutSeconds = OperationTimeoutSeconds,
    });

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _link?.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>Offers the registries with a saved login.</summary>
public sealed class RegistryCompleter : BeeCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
    {
        var logins = DockerConfig.Load();
        return logins.Registries().Select(registry => new Candidate(registry, $"login in {logins.Path}"));
    }
}
