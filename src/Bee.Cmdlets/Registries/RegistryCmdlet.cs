using System.Collections;
using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Completion;
using Bee.Oci.Registry.Authentication;

namespace Bee.Cmdlets.Registries;

/// <summary>A cmdlet that speaks to registries.</summary>
public abstract class RegistryCmdlet : BeeCmdlet
{
    // What timers can count in milliseconds.
    private const int LongestWait = int.MaxValue / 1000;

    private RegistryLink? _link;

    /// <summary>Speaks plain http, to whatever host. Without it only the machine's own hosts (localhost, 127.0.0.1, ::1) are spoken to so.</summary>
    [Parameter]
    public SwitchParameter PlainHttp { get; set; }

    /// <summary>A PEM file with certificate authorities that are trusted beside the system's.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? CACertificate { get; set; }

    /// <summary>Takes any certificate, and warns of it.</summary>
    [Parameter]
    public SwitchParameter SkipCertificateCheck { get; set; }

    /// <summary>How long a registry may take to begin an answer, connecting included, in seconds; 0 is for ever. 30 without it. Called as PowerShell's web cmdlets call it.</summary>
    [Parameter]
    [Alias("TimeoutSec")]
    [ValidateRange(0, LongestWait)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int? ConnectionTimeoutSeconds { get; set; }

    /// <summary>How long what is sent or received may stand still, in seconds; 0 is for ever. 60 without it. A whole blob may take as long as it likes.</summary>
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

/// <summary>Offers the registries that a login is kept for.</summary>
public sealed class RegistryCompleter : BeeCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
    {
        var logins = DockerConfig.Load();
        return logins.Registries().Select(registry => new Candidate(registry, $"login in {logins.Path}"));
    }
}
