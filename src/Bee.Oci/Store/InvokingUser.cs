using System.Globalization;
using Bee.Oci.Native;

namespace Bee.Oci.Store;

/// <summary>The person who became root by sudo.</summary>
/// <param name="Id">User id.</param>
/// <param name="Home">Home directory.</param>
/// <param name="PrivateGroup">The group of that user alone; null if there is none.</param>
internal sealed record InvokingUser(uint Id, string Home, uint? PrivateGroup)
{
    private const string UserVariable = "SUDO_UID";

    /// <summary>The user who called sudo; null when this process is not root, or not by sudo, or sudo was called by root.</summary>
    public static InvokingUser? Current => LibC.EffectiveUser() == 0 ? From(Environment.GetEnvironmentVariable(UserVariable)) : null;

    /// <summary>The guard for this user's files.</summary>
    public OwnerGuard Guard => new(Id, PrivateGroup);

    private static InvokingUser? From(string? text)
    {
        // Root can set the variable to anything; that is root's own affair, and the files are checked against the same id.
        if (!uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint id) || id == 0)
        {
            return null;
        }

        return PasswordFile.Find(id) is { } user && user.Home.StartsWith('/') && user.Home != "/"
            ? new InvokingUser(id, user.Home, user.Group == id ? user.Group : null)
            : null;
    }
}
