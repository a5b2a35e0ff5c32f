using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Errors;
using Bee.Oci.Formats;
using Bee.Oci.Registry.Authentication;

namespace Bee.Cmdlets.Registries;

/// <summary>Logs out of registries: deletes their saved logins.</summary>
[Cmdlet(VerbsCommunications.Disconnect, "BeeRegistry", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class DisconnectRegistryCommand : BeeCmdlet
{
    /// <summary>Registries as host and port; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RegistryCompleter))]
    [WithoutLogin]
    public string[] Registry { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string registry in Registry)
        {
            Guard(registry, () => Disconnect(registry));
        }
    }

    private void Disconnect(string registry)
    {
        var wait = new PipelineWait(this);
        var logins = DockerConfig.Load(wait.Note);
        if (!ImageReference.IsPattern(registry))
        {
            Erase(wait, logins, registry, literal: true);
            return;
        }

        WildcardPattern pattern = NamePattern.Of(registry);
        foreach (string found in logins.Registries().Where(pattern.IsMatch))
        {
            Guard(found, () => Erase(wait, logins, found, literal: false));
        }
    }

    private void Erase(PipelineWait wait, DockerConfig logins, string registry, bool literal)
    {
        if (!ShouldProcess($"{registry}, in {logins.Path}", "Log out"))
        {
            return;
        }

        bool found = wait.Wait(cancellationToken => logins.EraseAsync(registry, cancellationToken));
        if (found)
        {
            WriteNote($"Deleted the login for {registry}.");
        }
        else if (literal)
        {
            throw new BeeInputException("NoLogin", $"No login is saved for {registry}.", $"'{logins.Path}' lists the saved logins.");
        }
    }
}
