using System.Text;
using Bee.Mutation;
using Bee.Toolchain.Isolation;
using Bee.Toolchain.Manifest;
using Xunit.Abstractions;

namespace Bee.Toolchain.Tests;

/// <summary>Hundreds of thousands of damaged bee.yaml files and gadget metadata: each is rejected with a <see cref="ManifestException"/>, or is usable.</summary>
public sealed class ManifestMutationTests(ITestOutputHelper output)
{
    private const string Whole = """
        # comments are fine
        name: opensnoop
        description: Which files do processes open?
        authors: [Ann, "Bob <bob@example.org>"]
        license: Apache-2.0 OR GPL-2.0-only
        source: https://example.org/opensnoop
        defines:
          SIZE: 128
          DEBUG:
          NAME: "a b"

        """ + ManifestTests.Parts;

    [Fact]
    public void Files_are_read_or_refused()
    {
        // In memory if possible, because the reader takes a path.
        string root = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();
        string folder = Directory.CreateDirectory(Path.Combine(root, $"bee-yaml-{Guid.NewGuid():N}")).FullName;
        try
        {
            byte[][] documents = [Encoding.UTF8.GetBytes(Whole), .. Directory.GetFiles(Sources.Examples, "bee.yaml", SearchOption.AllDirectories).Select(File.ReadAllBytes)];
            var reader = Isolated.Create<IManifestReader>();
            var file = new ThreadLocal<string>(() => Path.Combine(folder, $"{Environment.CurrentManagedThreadId}.yaml"));
            new ReaderRun("bee.yaml", TextMutator.Yaml(documents).Make, (bytes, number) =>
            {
                File.WriteAllBytes(file.Value!, bytes);
                ProgramManifest manifest = reader.Read(file.Value!);
                _ = $"{manifest.Name}{manifest.Description}{manifest.Authors.Count}{manifest.Sources.Count}{manifest.Defines.Count}{manifest.Places.Count}";
                _ = manifest.Metadata.Maps.Values.Sum(m => m.Fields.Count + m.Labels.Count + m.Buckets.Count);
                _ = manifest.Metadata.Parameters.Values.Sum(p => p.Default?.ToString()?.Length ?? 0);
            }, fault => fault is ManifestException { Line: > 0 }).Execute(output.WriteLine);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Metadata_of_gadgets_is_read_or_refused()
    {
        var reader = Isolated.Create<IGadgetMetadataReader>();
        new ReaderRun("gadget.yaml", TextMutator.Yaml([Encoding.UTF8.GetBytes(GadgetMetadataTests.Whole), Encoding.UTF8.GetBytes(GadgetMetadataTests.Older)]).Make, (bytes, number) =>
        {
            GadgetMetadata metadata = reader.Read("gadget.yaml", Encoding.UTF8.GetString(bytes));
            _ = metadata.Sources.Values.Concat(metadata.Structs.Values).Sum(fields => fields.Count) + metadata.Parameters.Values.Count(parameter => parameter.Default is string);
        }, fault => fault is ManifestException { Line: > 0 }).Execute(output.WriteLine);
    }
}
