using Bee.Posix;

namespace Bee.Oci.Formats;

/// <summary>A file that a person keeps settings or a policy in is not what it should be. It is not used in part: nothing is guessed.</summary>
public sealed class SettingsException : BeeException
{
    /// <summary>Makes one.</summary>
    /// <param name="path">The file, or the environment variable.</param>
    /// <param name="line">Line, from 1; 0 where it is about no place in it.</param>
    /// <param name="column">Column in characters, from 1; 0 likewise.</param>
    /// <param name="problem">What is wrong, as a sentence.</param>
    /// <param name="inner">The cause.</param>
    public SettingsException(string path, int line, int column, string problem, Exception? inner = null)
        : base("BadSettings", line > 0 ? $"{path}:{line}:{column}: {problem}" : $"{path}: {problem}", inner: inner) => (Path, Line, Column) = (path, line, column);

    /// <summary>The file, or the environment variable.</summary>
    public string Path { get; }

    /// <summary>Line, from 1; 0 where it is about no place in the file.</summary>
    public int Line { get; }

    /// <summary>Column in characters, from 1; 0 where it is about no place in the file.</summary>
    public int Column { get; }
}
