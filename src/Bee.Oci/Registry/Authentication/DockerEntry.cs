using System.Text;
using System.Text.Json.Nodes;

namespace Bee.Oci.Registry.Authentication;

/// <summary>One login under <c>auths</c> of docker's config.json.</summary>
internal static class DockerEntry
{
    /// <summary>Reads one; null where it holds no login, as entries of registries with a credential helper do.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryFault.Login"/>: it is damaged. The message does not repeat it.</exception>
    public static RegistryCredential? Read(JsonNode? node, string registry, string path)
    {
        if (node is null)
        {
            return null;
        }

        if (node is not JsonObject entry || !IsWhole(entry))
        {
            throw DockerConfigFile.Damaged(path, $"the entry of {registry} is no JSON object, or has a key twice");
        }

        string? user = DockerConfigFile.Text(entry["username"]), password = DockerConfigFile.Text(entry["password"]);
        if (DockerConfigFile.Text(entry["auth"]) is { } auth)
        {
            (user, password) = Decode(auth) ?? throw DockerConfigFile.Damaged(path, $"the 'auth' of {registry} is not NAME:PASSWORD in base64");
        }

        string? identity = DockerConfigFile.Text(entry["identitytoken"]), access = DockerConfigFile.Text(entry["registrytoken"]);
        return identity is null && access is null && string.IsNullOrEmpty(password)
            ? null
            : new RegistryCredential { UserName = user, Password = string.IsNullOrEmpty(password) ? null : password, IdentityToken = identity, AccessToken = access };
    }

    /// <summary>Writes one, as docker does.</summary>
    public static JsonObject Write(RegistryCredential credential)
    {
        var entry = new JsonObject();
        if (credential.UserName is not null || credential.Password is not null)
        {
            entry["auth"] = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credential.UserName}:{credential.Password}"));
        }

        if (credential.IdentityToken is { } identity)
        {
            entry["identitytoken"] = identity;
        }

        if (credential.AccessToken is { } access)
        {
            entry["registrytoken"] = access;
        }

        return entry;
    }

    /// <summary>A key that is there twice is found when the object is first asked.</summary>
    private static bool IsWhole(JsonObject entry)
    {
        try
        {
            return entry.Count >= 0;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }

    private static (string User, string Password)? Decode(string auth)
    {
        try
        {
            string text = Encoding.UTF8.GetString(Convert.FromBase64String(auth));
            int colon = text.IndexOf(':');

            // Old versions of docker padded the password with NULs.
            return colon < 0 ? null : (text[..colon], text[(colon + 1)..].TrimEnd('\0'));
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
