using System.Management.Automation;
using System.Net;
using System.Security;
using Bee.Oci.Registry;
using Bee.Oci.Registry.Authentication;

namespace Bee.Cmdlets;

/// <summary>Logs in to a registry: tries the login, and keeps it where docker and others find it too.</summary>
[Cmdlet(VerbsCommunications.Connect, "BeeRegistry", DefaultParameterSetName = PasswordSet, SupportsShouldProcess = true)]
[OutputType(typeof(RegistryLogin))]
public sealed class ConnectRegistryCommand : RegistryCmdlet
{
    private const string PasswordSet = "Password", TokenSet = "Token";

    /// <summary>Host and, where it needs one, port: ghcr.io, localhost:5000.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RegistryCompleter))]
    [WithoutLogin]
    public string Registry { get; set; } = string.Empty;

    /// <summary>User name and password. With a user name alone the password is asked for.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = PasswordSet)]
    [ValidateNotNull]
    [Credential]
    public PSCredential Credential { get; set; } = PSCredential.Empty;

    /// <summary>A token: an identity token, one that goes in the password's place, or one that is sent as it is. What it is, is found out.</summary>
    [Parameter(Mandatory = true, ParameterSetName = TokenSet)]
    [ValidateNotNull]
    public SecureString Token { get; set; } = new();

    /// <inheritdoc/>
    protected override void ProcessRecord() => Guard(Registry, Connect);

    private void Connect()
    {
        // Read first: what is wrong with the file is better known before anything is sent.
        DockerConfig logins = Link.Logins;
        _ = logins.Registries();
        string secret = ParameterSetName == TokenSet ? new NetworkCredential("", Token).Password : Credential.GetNetworkCredential().Password;
        if (secret.Length == 0)
        {
            throw new BeeInputException("EmptySecret", $"The {(ParameterSetName == TokenSet ? "token" : "password")} for {Registry} is empty.");
        }

        if (!ShouldProcess($"{Registry}, kept in {logins.Path}", "Log in"))
        {
            return;
        }

        Link.WarnOfSkippedCheck(Registry);
        RegistryOptions options = Link.Options(Registry, null);
        RegistryLogin login = Link.Wait(async stop =>
        {
            RegistryCredential credential = ParameterSetName == TokenSet
                ? await LoginCheck.TokenAsync(Registry, secret, options, stop).ConfigureAwait(false)
                : await LoginCheck.PasswordAsync(Registry, Credential.UserName, secret, options, stop).ConfigureAwait(false);
            string kept = await logins.StoreAsync(Registry, credential, stop).ConfigureAwait(false);
            return new RegistryLogin(Registry, credential.UserName, LoginCheck.KindOf(credential), kept);
        });
        WriteObject(login);
    }
}
