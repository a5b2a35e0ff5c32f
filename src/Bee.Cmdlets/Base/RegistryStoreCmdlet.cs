using System.Management.Automation;

namespace Bee.Cmdlets;

/// <summary>A cmdlet that brings images from the local store to a registry, or the other way.</summary>
public abstract class RegistryStoreCmdlet : StoreCmdlet, IRegistryParameters
{
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

    /// <summary>The connections.</summary>
    private protected RegistryLink Link => _link ??= new RegistryLink(this, this);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _link?.Dispose();
        base.Dispose(disposing);
    }
}
