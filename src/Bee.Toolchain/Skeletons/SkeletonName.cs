namespace Bee.Toolchain;

/// <summary>Names for C.</summary>
internal static class SkeletonName
{
    // A map's name is cut by the kernel, not by Bee; but names of functions in C have an end somewhere.
    private const int Longest = 40;

    /// <summary>The nearest name that C takes.</summary>
    public static string Of(string name)
    {
        string made = string.Concat(name.Take(Longest).Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '_'));
        return made.Length == 0 || char.IsAsciiDigit(made[0]) ? $"_{made}" : made;
    }
}
