using System.Collections;
using System.Management.Automation;
using Bee.Oci.Formats;

namespace Bee.Cmdlets;

/// <summary>The files with kernels' types that a build was given.</summary>
/// <param name="Common">For every platform that has none of its own; null for the running kernel's types.</param>
/// <param name="Own">By platform.</param>
internal sealed record KernelTypeFiles(string? Common, IReadOnlyDictionary<Platform, string> Own)
{
    private const string Id = "BadVmlinuxBtf";

    /// <summary>The file for a platform; null for the running kernel's types.</summary>
    public string? For(Platform platform) => Own.GetValueOrDefault(platform) ?? Common;

    /// <summary>Reads what a person gave: a path, or a hashtable of platforms and paths.</summary>
    /// <param name="given">The value; null for none.</param>
    /// <param name="platforms">The platforms that are built for.</param>
    /// <param name="fullPath">Makes a path absolute.</param>
    /// <exception cref="BeeInputException">It is neither, or a platform is named that is not built for.</exception>
    /// <exception cref="StoreException">A key is no platform.</exception>
    public static KernelTypeFiles From(object? given, IReadOnlyCollection<Platform> platforms, Func<string, string> fullPath)
    {
        object? value = given is PSObject wrapped ? wrapped.BaseObject : given;
        if (value is not IDictionary table)
        {
            return new KernelTypeFiles(value is null ? null : fullPath(PathOf(value)), new Dictionary<Platform, string>());
        }

        var own = new Dictionary<Platform, string>();
        foreach (DictionaryEntry entry in table)
        {
            var platform = Platform.Parse($"{entry.Key}");
            if (!platforms.Contains(platform))
            {
                throw new BeeInputException(Id, $"-VmlinuxBtf gives types for {platform}, and what is built is for {string.Join(", ", platforms)}.", $"Name it with -Platform too, or leave it out.");
            }

            if (!own.TryAdd(platform, fullPath(PathOf(entry.Value))))
            {
                throw new BeeInputException(Id, $"-VmlinuxBtf gives types for {platform} twice.");
            }
        }

        return new KernelTypeFiles(null, own);
    }

    private static string PathOf(object? value) => (value is PSObject wrapped ? wrapped.BaseObject : value) switch
    {
        string { Length: > 0 } path => path,
        FileInfo file => file.FullName,
        _ => throw new BeeInputException(Id, "-VmlinuxBtf takes a file's path, or a hashtable of platforms and paths.", "Such as @{ 'linux/arm64' = './arm64.btf' }."),
    };
}
