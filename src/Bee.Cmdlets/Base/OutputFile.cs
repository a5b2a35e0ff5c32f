using Bee.Cmdlets.Errors;

namespace Bee.Cmdlets.Base;

/// <summary>Checks the path of a file that a cmdlet is to write, before the work that makes its content.</summary>
internal static class OutputFile
{
    /// <summary>Refuses a folder and, if nothing is to be replaced, a file that exists.</summary>
    /// <param name="path">The full path.</param>
    /// <param name="noClobber">Whether a file that exists is kept.</param>
    /// <exception cref="BeeInputException"><c>NotAFile</c>, <c>FileExists</c>.</exception>
    public static void Check(string path, bool noClobber = false)
    {
        if (Directory.Exists(path) || Path.EndsInDirectorySeparator(path))
        {
            throw new BeeInputException("NotAFile", $"'{path}' is a folder.", "Give the name of a file in it.");
        }

        if (noClobber && File.Exists(path))
        {
            throw new BeeInputException("FileExists", $"'{path}' is there already.", "Leave -NoClobber out to replace it.");
        }
    }
}
