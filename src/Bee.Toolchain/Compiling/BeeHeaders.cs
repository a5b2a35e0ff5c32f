namespace Bee.Toolchain;

/// <summary>Where Bee's own headers for C programs are.</summary>
public static class BeeHeaders
{
    /// <summary>The folder with bee.h and solo_types.h: <c>include</c> beside this assembly, or module/Bee/include of the
    /// source tree that it was built in. Null when neither is there.</summary>
    public static string? Directory { get; } = Find(Path.GetDirectoryName(typeof(BeeHeaders).Assembly.Location));

    private static string? Find(string? start)
    {
        for (var folder = start; !string.IsNullOrEmpty(folder); folder = Path.GetDirectoryName(folder))
        {
            foreach (var candidate in (string[])[Path.Combine(folder, "include"), Path.Combine(folder, "module", "Bee", "include")])
            {
                if (File.Exists(Path.Combine(candidate, "bee.h")))
                {
                    return candidate;
                }
            }
        }

        return null;
    }
}
