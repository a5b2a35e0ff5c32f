using Bee.Oci.Native;
using Microsoft.Win32.SafeHandles;

namespace Bee.Oci.Store;

/// <summary>
/// Whose files may be believed when root reads another user's store: that user's and root's, as long as nobody else can write them.
/// Whoever could write the index could choose what root loads into the kernel.
/// </summary>
/// <param name="User">The user's id.</param>
/// <param name="PrivateGroup">
/// The group that has only this user in it (Debian's and Fedora's way, where the umask leaves everything group-writable); null if there is none.
/// </param>
internal sealed record OwnerGuard(uint User, uint? PrivateGroup)
{
    /// <summary>Refuses a file or directory that someone else could have made or changed.</summary>
    /// <exception cref="StoreException"><see cref="StoreFault.Untrusted"/>.</exception>
    public void Check(SafeFileHandle file, string path)
    {
        if (!LibC.TryStat(file, out LibC.FileFacts facts))
        {
            throw Fault.Last("look at", path);
        }

        if (facts.IsSymbolicLink)
        {
            throw new StoreException(StoreFault.Untrusted, $"'{path}' is a symbolic link; another user's store is not followed over links.");
        }

        if (facts.User != 0 && facts.User != User)
        {
            throw new StoreException(StoreFault.Untrusted, $"'{path}' belongs to user {facts.User}, neither to user {User} nor to root.");
        }

        // In a sticky directory (/tmp) others can add names but not replace the one that comes next, and that one is checked too.
        bool sticky = facts.IsDirectory && facts.IsSticky;
        bool others = facts.OthersWrite || (facts.GroupWrites && facts.Group != 0 && facts.Group != PrivateGroup);
        if (others && !sticky)
        {
            throw new StoreException(StoreFault.Untrusted, $"'{path}' can be written by others than its owner (mode {Convert.ToString(facts.Mode & 0xfff, 8)}).");
        }
    }
}
