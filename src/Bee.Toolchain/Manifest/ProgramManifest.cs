namespace Bee.Toolchain;

/// <summary>What a bee.yaml beside a program's source says: all of it can be left out, all of it can be given to the build instead.</summary>
public sealed record ProgramManifest
{
    /// <summary>The file's name: <c>bee.yaml</c>.</summary>
    public const string FileName = "bee.yaml";

    /// <summary>The program's name.</summary>
    public string? Name { get; init; }

    /// <summary>One sentence about what it does.</summary>
    public string? Description { get; init; }

    /// <summary>Who wrote it. The file takes one string or a list.</summary>
    public IReadOnlyList<string> Authors { get; init; } = [];

    /// <summary>SPDX expression, such as <c>Apache-2.0 OR GPL-2.0-only</c>.</summary>
    public string? License { get; init; }

    /// <summary>Address of the source, such as a repository.</summary>
    public string? Source { get; init; }

    /// <summary>Macros to define, each <c>NAME</c> or <c>NAME=VALUE</c>. The file takes a list of those or a map of names to values.</summary>
    public IReadOnlyList<string> Defines { get; init; } = [];
}

/// <summary>Reads a <see cref="ProgramManifest"/>. Get one from <see cref="Isolated.Create{T}"/>.</summary>
public interface IManifestReader
{
    /// <summary>Reads the file.</summary>
    /// <param name="path">Path of the bee.yaml.</param>
    /// <exception cref="ManifestException">It is no YAML, has a key that Bee does not know, or a value of the wrong type.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    ProgramManifest Read(string path);
}

/// <summary>A bee.yaml that does not say what it should.</summary>
public sealed class ManifestException : Exception
{
    /// <summary>Makes one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="line">Line, from 1.</param>
    /// <param name="column">Column, from 1.</param>
    /// <param name="problem">What is wrong there.</param>
    /// <param name="inner">The cause, where there is one.</param>
    public ManifestException(string path, int line, int column, string problem, Exception? inner = null)
        : base($"{path}:{line}:{column}: {problem}", inner)
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
