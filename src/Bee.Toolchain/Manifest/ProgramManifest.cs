using Bee.Ebpf.Checks;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Posix;
using Bee.Toolchain.Isolation;

namespace Bee.Toolchain.Manifest;

/// <summary>The content of a bee.yaml next to a tool's source. All of it is optional. docs/manifest.md describes every key.</summary>
internal sealed record ProgramManifest
{
    /// <summary>The name of the file: <c>bee.yaml</c>.</summary>
    public const string FileName = "bee.yaml";

    /// <summary>The path of the file; empty without a file.</summary>
    public string Path { get; init; } = "";

    /// <summary>The name of the tool.</summary>
    public string? Name { get; init; }

    /// <summary>A one-sentence description of the tool.</summary>
    public string? Description { get; init; }

    /// <summary>The authors. The file accepts one string or a list.</summary>
    public IReadOnlyList<string> Authors { get; init; } = [];

    /// <summary>The SPDX license expression, such as <c>Apache-2.0 OR GPL-2.0-only</c>.</summary>
    public string? License { get; init; }

    /// <summary>The URL of the source, such as a repository.</summary>
    public string? Source { get; init; }

    /// <summary>The C files of the tool, relative to the bee.yaml; several are linked into one object. Empty if it is the folder's only C file.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];

    /// <summary>Folders with headers, relative to the bee.yaml, in search order.</summary>
    public IReadOnlyList<string> Includes { get; init; } = [];

    /// <summary>The default platforms of a build, such as <c>linux/amd64</c>. Empty for the build machine's own.</summary>
    public IReadOnlyList<string> Platforms { get; init; } = [];

    /// <summary>Macros to define, each <c>NAME</c> or <c>NAME=VALUE</c>. The file accepts a list of them or a map from names to values.</summary>
    public IReadOnlyList<string> Defines { get; init; } = [];

    /// <summary>The metadata of maps, parameters and programs.</summary>
    public ObjectMetadata Metadata { get; init; } = ObjectMetadata.None;

    /// <summary>The positions of values in the file, by path as in <see cref="MetadataFault.Place"/>: <c>sources/0</c>, <c>includes/0</c> and so on.</summary>
    public IReadOnlyDictionary<string, ManifestPlace> Places { get; init; } = new Dictionary<string, ManifestPlace>();

    /// <summary>Validates the metadata against an object: names that the object does not contain, defaults that do not fit.</summary>
    /// <param name="file">The object that was built.</param>
    /// <param name="unknownType">Explains a C type that the object does not contain, from the sources; may be null.</param>
    /// <returns>One exception for each error, with line and column; empty for a valid manifest.</returns>
    public IReadOnlyList<ManifestException> Check(ObjectFile file, Func<string, string>? unknownType = null) =>
        [.. MetadataCheck.Check(Metadata, file).Select(fault => Wrong(fault.Place, fault.UnknownType is { } type && unknownType is not null ? unknownType(type) : fault.Message)).OrderBy(wrong => wrong.Line).ThenBy(wrong => wrong.Column)];

    /// <summary>Returns an exception about a value of the file.</summary>
    /// <param name="place">The path of the value in <see cref="Places"/>.</param>
    /// <param name="problem">The problem.</param>
    public ManifestException Wrong(string place, string problem)
    {
        // A value without a position is inside one that has a position.
        for (var at = place; at.Length > 0; at = at[..Math.Max(0, at.LastIndexOf('/'))])
        {
            if (Places.TryGetValue(at, out var found))
            {
                return new ManifestException(Path, found.Line, found.Column, problem);
            }
        }

        return new ManifestException(Path, 1, 1, problem);
    }
}

/// <summary>The position of a value in a bee.yaml.</summary>
/// <param name="Line">The line, from 1.</param>
/// <param name="Column">The column, from 1.</param>
internal sealed record ManifestPlace(int Line, int Column);

/// <summary>Reads a <see cref="ProgramManifest"/>. Get one from <see cref="Isolated.Create{T}"/>.</summary>
internal interface IManifestReader
{
    /// <summary>Reads the file.</summary>
    /// <param name="path">The path of the bee.yaml.</param>
    /// <exception cref="ManifestException">The file is not YAML, or has an unknown key or a value of the wrong type.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    ProgramManifest Read(string path);
}

/// <summary>Thrown if a bee.yaml is invalid.</summary>
internal sealed class ManifestException : BeeException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="line">The line, from 1.</param>
    /// <param name="column">The column, from 1.</param>
    /// <param name="problem">The problem.</param>
    /// <param name="inner">The cause, or null.</param>
    public ManifestException(string path, int line, int column, string problem, Exception? inner = null)
        : base("BadManifest", $"{path}:{line}:{column}: {problem}", inner: inner)
    {
        Path = path;
        Line = line;
        Column = column;
    }

    /// <summary>The path of the file.</summary>
    public string Path { get; }

    /// <summary>The line, from 1.</summary>
    public int Line { get; }

    /// <summary>The column, from 1.</summary>
    public int Column { get; }
}
