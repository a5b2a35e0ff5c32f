using Bee.Posix;

namespace Bee.Toolchain;

/// <summary>A bee.yaml that does not say what it should.</summary>
public sealed class ManifestException : BeeException
{
    /// <summary>Makes one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="line">Line, from 1.</param>
    /// <param name="column">Column, from 1.</param>
    /// <param name="problem">What is wrong there.</param>
    /// <param name="inner">The cause, where there is one.</param>
    public ManifestException(string path, int line, int column, string problem, Exception? inner = null)
        : base("BadManifest", $"{path}:{line}:{column}: {problem}", inner: inner)
    {
        Path = path;
        Line = line;
        Column = column;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Line, from 1.</summary>
    public int Line { get; }

    /// <summary>Column, from 1.</summary>
    public int Column { get; }
}
