using System.Globalization;

namespace Bee.Oci.Store;

/// <summary>A line of <c>/etc/passwd</c>, passwd(5).</summary>
/// <param name="Id">User id.</param>
/// <param name="Group">Primary group's id.</param>
/// <param name="Home">Home directory.</param>
internal sealed record PasswordFile(uint Id, uint Group, string Home)
{
    private const string FilePath = "/etc/passwd";

    /// <summary>The first line of a user; null if there is none or the file cannot be read.</summary>
    public static PasswordFile? Find(uint user)
    {
        try
        {
            return Find(user, File.ReadLines(FilePath));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    internal static PasswordFile? Find(uint user, IEnumerable<string> lines)
    {
        foreach (string line in lines)
        {
            // name:password:uid:gid:comment:home:shell
            string[] fields = line.Split(':');
            if (fields.Length >= 6
                && uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out uint id) && id == user
                && uint.TryParse(fields[3], NumberStyles.None, CultureInfo.InvariantCulture, out uint group)
                && fields[5].Length > 0)
            {
                return new PasswordFile(id, group, fields[5]);
            }
        }

        return null;
    }
}
