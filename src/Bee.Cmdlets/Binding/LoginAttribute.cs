using System.Management.Automation;

namespace Bee.Cmdlets;

/// <summary>Takes a credential, or a user name whose password is asked for; without a terminal a name alone is an error.</summary>
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
                $"'{value}' is a user name without a password, and no terminal is here to ask at. Give a PSCredential, pass the password through the pipeline (-UserName with -PasswordFromPipeline), "
                + $"or set {ConnectRegistryCommand.UserVariable} and {ConnectRegistryCommand.PasswordVariable}."),
        };
    }
}
