using Bee.Cmdlets.Errors;

namespace Bee.Cmdlets.Base;

/// <summary>Checks the path of an output file before the work that produces the content.</summary>
internal static class OutputFile
{
    /// <summary>Rejects a folder and, with <paramref name="noClobber"/>, an existing file.</summary>
    /// <param name="path">The full path.</param>
    /// <param name="noClobber">Whether an existing file must not be replaced.</param>
    /// <exception cref="BeeInputException"><c>NotAFile</c>, <c>FileExists</c>.</exception>
    public static void Check(string path, bool noClobber = false)
    {
        if (Directory.Exists(path) || Path.EndsInDirectorySeparator(path))
        {
            throw new BeeInputException("NotAFile", $"'{path}' is a folder.", "Give the name of a file in it.");
        }

        if (noClobber && File.Exists(path))
        {
            throw new BeeInputException("FileExists", $"'{path}' already exists.", "Omit -NoClobber to replace it.");
        }
    }
}
