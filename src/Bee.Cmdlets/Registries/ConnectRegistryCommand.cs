using System.Management.Automation;
using System.Net;
using System.Security;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Completion;
using Bee.Cmdlets.Errors;
using Bee.Oci.Registry;
using Bee.Oci.Registry.Authentication;
using Bee.Oci.Registry.Client;

namespace Bee.Cmdlets.Registries;

/// <summary>Logs in to a registry: verifies the login, and saves it in docker's configuration, where other tools find it too.</summary>
[Cmdlet(VerbsCommunications.Connect, "BeeRegistry", DefaultParameterSetName = PasswordSet, SupportsShouldProcess = true)]
[OutputType(typeof(RegistryLogin))]
public sealed class ConnectRegistryCommand : RegistryCmdlet
{
    /// <summary>The environment variables for a user name and a password, for CI jobs. A password without a name is a token.</summary>
    public const string UserVariable = "BEE_REGISTRY_USER", PasswordVariable = "BEE_REGISTRY_PASSWORD";

    private const string PasswordSet = "Password", TokenSet = "Token", PipelineSet = "Pipeline";

    private readonly List<object?> _piped = [];

    /// <summary>The host, with a port if needed: ghcr.io, localhost:5000.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PasswordSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = TokenSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PipelineSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RegistryCompleter))]
    [WithoutLogin]
    public string Registry { get; set; } = string.Empty;

    /// <summary>
    /// The user name and password. For a user name alone, the user is prompted for the password. Without the parameter, the login is taken from the environment variables BEE_REGISTRY_USER
    /// and BEE_REGISTRY_PASSWORD, or else the user is prompted in an interactive session.
    /// </summary>
    [Parameter(Position = 1, ParameterSetName = PasswordSet)]
    [ValidateNotNull]
    [Login]
    public PSCredential? Credential { get; set; }

    /// <summary>A token: an identity token, a token in place of a password, or a bearer token. The cmdlet finds out which.</summary>
    [Parameter(Mandatory = true, ParameterSetName = TokenSet)]
    [ValidateNotNull]
    public SecureString Token { get; set; } = new();

    /// <summary>The user name for the password from the pipeline. Without it, the pipeline provides a token.</summary>
    [Parameter(ParameterSetName = PipelineSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? UserName { get; set; }

    /// <summary>Reads the password, or without -UserName a token, from the pipeline.</summary>
    [Parameter(Mandatory = true, ParameterSetName = PipelineSet)]
    [Alias("PasswordStdin")]
    public SwitchParameter PasswordFromPipeline { get; set; }

    /// <summary>The password or token: one line of text, or a SecureString.</summary>
    // Every value binds to the type object, so no binding error can repeat the secret.
    [Parameter(ValueFromPipeline = true, ParameterSetName = PipelineSet)]
    [ValidateNotNull]
    public object? InputObject { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == PipelineSet)
        {
            _piped.Add(InputObject);
            return;
        }

        Guard(Registry, () => Connect(Given()));
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (ParameterSetName == PipelineSet)
        {
            Guard(Registry, () => Connect(new Login(UserName, Piped(), "password or token from the pipeline")));
        }
    }

    private Login Given()
    {
        if (ParameterSetName == TokenSet)
        {
            return new Login(null, Text(Token), "token");
        }

        if (Credential is { } given)
        {
            return Of(given);
        }

        if (Environment.GetEnvironmentVariable(PasswordVariable) is { } password)
        {
            return new Login(Environment.GetEnvironmentVariable(UserVariable) is { Length: > 0 } name ? name : null, password, $"environment variable {PasswordVariable}");
        }

        if (!Interaction.IsPossible)
        {
            throw new BeeInputException(
                "NoLogin",
                $"No login for {Registry} was given, and the session is not interactive.",
                $"Set {UserVariable} and {PasswordVariable} in the environment, pass the password through the pipeline with -PasswordFromPipeline, or use -Credential or -Token.");
        }

        return Host.UI.PromptForCredential(null, $"Login for {Registry}", null, Registry) is { } typed ? Of(typed) : throw new PipelineStoppedException();
    }

    private string Piped()
    {
        // pwsh -Command and -File provide standard input as $input, whatever their other arguments are.
        string[] lines = [.. _piped.Select(item => (item is PSObject wrapped ? wrapped.BaseObject : item) switch
        {
            SecureString secret => Text(secret),
            string text => text.TrimEnd('\r', '\n'),
            _ => string.Empty,
        }).Where(line => line.Length > 0)];
        return lines switch
        {
            [var line] => line,
            [] => throw new BeeInputException(
                "EmptySecret", $"No password or token for {Registry} was passed through the pipeline.", "With pwsh -Command or -File, pass standard input as $input: $input | Connect-BeeRegistry …"),
            _ => throw new BeeInputException("SeveralSecrets", $"{lines.Length} objects were passed through the pipeline, but one password or token for {Registry} is expected.", "Pass one line of text, or one SecureString."),
        };
    }

    private void Connect(Login given)
    {
        // Read first, so that a fault of the file is reported before the login is sent.
        DockerConfig logins = Link.Logins;
        _ = logins.Registries();
        if (given.Secret.Length == 0)
        {
            throw new BeeInputException("EmptySecret", $"The {given.Source} for {Registry} is empty.");
        }

        if (!ShouldProcess($"{Registry}, saved in {logins.Path}", "Log in"))
        {
            return;
        }

        Link.WarnOfSkippedCheck(Registry);
        RegistryOptions options = Link.Options(Registry, null);
        RegistryLogin login = Link.Wait(async cancellationToken =>
        {
            RegistryCredential credential = given.UserName is null
                ? await LoginCheck.TokenAsync(Registry, given.Secret, options, cancellationToken).ConfigureAwait(false)
                : await LoginCheck.PasswordAsync(Registry, given.UserName, given.Secret, options, cancellationToken).ConfigureAwait(false);
            string kept = await logins.StoreAsync(Registry, credential, cancellationToken).ConfigureAwait(false);
            return new RegistryLogin(Registry, credential.UserName, LoginCheck.KindOf(credential), kept);
        });
        WriteObject(login);
    }

    private static Login Of(PSCredential credential) => new(credential.UserName, Text(credential.Password), "password");

    private static string Text(SecureString secret) => new NetworkCredential("", secret).Password;

    /// <summary>A login to verify.</summary>
    /// <param name="UserName">The user's name; null for a token.</param>
    /// <param name="Secret">The password or token.</param>
    /// <param name="Source">Where the secret comes from, for messages.</param>
    private readonly record struct Login(string? UserName, string Secret, string Source)
    {
        /// <summary>Returns the source only: the text that the compiler generates would contain the secret.</summary>
        public override string ToString() => Source;
    }
}

/// <summary>Converts a user name to a credential by prompting for the password. Fails if the session is not interactive.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class LoginAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        object? value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return value switch
        {
            PSCredential => value,
            _ when Interaction.IsPossible => new CredentialAttribute().Transform(engineIntrinsics, inputData!),
            _ => throw new ArgumentTransformationMetadataException(
                $"'{value}' is a user name without a password, and the session is not interactive. Use a PSCredential, pass the password through the pipeline (-UserName with -PasswordFromPipeline), "
                + $"or set {ConnectRegistryCommand.UserVariable} and {ConnectRegistryCommand.PasswordVariable}."),
        };
    }
}
