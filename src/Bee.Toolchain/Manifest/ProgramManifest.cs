using Bee.Ebpf.Checks;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Posix;
using Bee.Toolchain.Isolation;

namespace Bee.Toolchain.Manifest;

/// <summary>What a bee.yaml beside a program's source says: all of it can be left out. docs/manifest.md has every key.</summary>
internal sealed record ProgramManifest
{
    /// <summary>The file's name: <c>bee.yaml</c>.</summary>
    public const string FileName = "bee.yaml";

    /// <summary>The file that it was read from; empty where there is none.</summary>
    public string Path { get; init; } = "";

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

    /// <summary>The C files that make the program, relative to the bee.yaml; several are linked into one object. Empty where it is the folder's only one.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];

    /// <summary>Folders with headers, relative to the bee.yaml, in the order in which they are searched.</summary>
    public IReadOnlyList<string> Includes { get; init; } = [];

    /// <summary>The platforms that it is built for where nobody says another, such as <c>linux/amd64</c>. Empty for the machine's own that builds.</summary>
    public IReadOnlyList<string> Platforms { get; init; } = [];

    /// <summary>Macros to define, each <c>NAME</c> or <c>NAME=VALUE</c>. The file takes a list of those or a map of names to values.</summary>
    public IReadOnlyList<string> Defines { get; init; } = [];

    /// <summary>What it says about maps, parameters and programs.</summary>
    public ObjectMetadata Metadata { get; init; } = ObjectMetadata.None;

    /// <summary>Where in the file things stand, by places as <see cref="MetadataFault.Place"/> has them, <c>sources/0</c>, <c>includes/0</c> and so on.</summary>
    public IReadOnlyDictionary<string, ManifestPlace> Places { get; init; } = new Dictionary<string, ManifestPlace>();

    /// <summary>What it says that is not true of an object: names that the object does not have, defaults that do not fit.</summary>
    /// <param name="file">The object that was built.</param>
    /// <param name="unknownType">Says more about a C type that the object does not have than the object tells; null to leave it at that.</param>
    /// <returns>One exception for each, with its line and column; none for a sound manifest.</returns>
    public IReadOnlyList<ManifestException> Check(ObjectFile file, Func<string, string>? unknownType = null) =>
        [.. MetadataCheck.Check(Metadata, file).Select(fault => Wrong(fault.Place, fault.UnknownType is { } type && unknownType is not null ? unknownType(type) : fault.Message)).OrderBy(wrong => wrong.Line).ThenBy(wrong => wrong.Column)];

    /// <summary>An exception about a place of the file.</summary>
    /// <param name="place">The place's name among <see cref="Places"/>.</param>
    /// <param name="problem">What is wrong there.</param>
    public ManifestException Wrong(string place, string problem)
    {
        // A place without an entry is inside one that has one.
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

/// <summary>Where something stands in a bee.yaml.</summary>
/// <param name="Line">Line, from 1.</param>
/// <param name="Column">Column, from 1.</param>
internal sealed record ManifestPlace(int Line, int Column);

/// <summary>Reads a <see cref="ProgramManifest"/>. Get one from <see cref="Isolated.Create{T}"/>.</summary>
internal interface IManifestReader
{
    /// <summary>Reads the file.</summary>
    /// <param name="path">Path of the bee.yaml.</param>
    /// <exception cref="ManifestException">It is no YAML, has a key that Bee does not know, or a value of the wrong type.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    ProgramManifest Read(string path);
}

/// <summary>A bee.yaml that does not say what it should.</summary>
internal sealed class ManifestException : BeeException
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
