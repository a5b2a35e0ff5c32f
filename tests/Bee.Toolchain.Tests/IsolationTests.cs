using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.Loader;
using Bee.Oci.Signatures.Keys;
using Bee.Toolchain.Isolation;
using Bee.Toolchain.Manifest;

namespace Bee.Toolchain.Tests;

public class IsolationTests
{
    /// <summary>A separate session that has another YamlDotNet loaded, then loads Bee.Toolchain and reads a manifest.</summary>
    [Theory]
    [InlineData("1.0.0.0")]
    [InlineData("99.0.0.0")]
    public void Another_yaml_package_in_the_session_does_not_matter(string version)
    {
        using var folder = new TemporaryFolder();
        var session = new AssemblyLoadContext("session");
        var other = session.LoadFromAssemblyPath(MakePackage(folder, version));
        var toolchain = session.LoadFromAssemblyPath(typeof(Isolated).Assembly.Location);
        Assert.NotSame(typeof(Isolated).Assembly, toolchain);

        var reader = Create(toolchain);
        var manifest = Read(toolchain, reader, folder.Write("bee.yaml", "name: tool"));

        Assert.Equal("tool", manifest.GetType().GetProperty("Name")!.GetValue(manifest));
        Assert.Same(toolchain, manifest.GetType().Assembly);
        var isolated = AssemblyLoadContext.GetLoadContext(reader.GetType().Assembly)!;
        Assert.Equal("Bee.Isolated", isolated.Name);
        Assert.Contains(isolated.Assemblies, assembly => assembly.GetName().Name == "YamlDotNet" && assembly != other);
        Assert.Same(other, session.Assemblies.Single(assembly => assembly.GetName().Name == "YamlDotNet"));
    }

    [Fact]
    public void A_package_in_the_default_context_does_not_matter_either()
    {
        using var folder = new TemporaryFolder();
        var other = AssemblyLoadContext.Default.LoadFromAssemblyPath(MakePackage(folder, "2.0.0.0"));

        var manifest = Isolated.Create<IManifestReader>().Read(folder.Write("bee.yaml", "name: tool"));

        Assert.Equal("tool", manifest.Name);
        Assert.Same(other, AssemblyLoadContext.Default.Assemblies.Single(assembly => assembly.GetName().Name == "YamlDotNet"));
    }

    [Fact]
    public void The_package_for_keys_stays_in_its_context()
    {
        Assert.Equal(32, Isolated.Create<IKeyAlgorithms>().Ed25519PublicKey(new byte[32]).Length);
        var package = Assert.Single(AppDomain.CurrentDomain.GetAssemblies(), assembly => assembly.GetName().Name == "BouncyCastle.Cryptography");
        Assert.Equal("Bee.Isolated", AssemblyLoadContext.GetLoadContext(package)!.Name);
    }

    [Fact]
    public void Folder_contains_no_assembly_of_the_module() =>
        Assert.DoesNotContain(
            Directory.GetFiles(Path.Combine(Path.GetDirectoryName(typeof(Isolated).Assembly.Location)!, "deps"), "*.dll"),
            path => Path.GetFileName(path) is not "Bee.Isolated.dll" and var name && File.Exists(Path.Combine(Path.GetDirectoryName(typeof(Isolated).Assembly.Location)!, name)));

    [Fact]
    public void Interface_without_a_class_is_an_error() =>
        Assert.Throws<InvalidOperationException>(Isolated.Create<IDisposable>);

    private static object Create(Assembly toolchain) => toolchain.GetType(typeof(Isolated).FullName!)!.GetMethod("Create")!
        .MakeGenericMethod(toolchain.GetType(typeof(IManifestReader).FullName!)!).Invoke(null, null)!;

    private static object Read(Assembly toolchain, object reader, string path) =>
        toolchain.GetType(typeof(IManifestReader).FullName!)!.GetMethod("Read")!.Invoke(reader, [path])!;

    /// <summary>An assembly with the package's name and another version, and with an unusable class of the same name.</summary>
    private static string MakePackage(TemporaryFolder folder, string version)
    {
        var assembly = new PersistedAssemblyBuilder(new AssemblyName("YamlDotNet") { Version = Version.Parse(version) }, typeof(object).Assembly);
        assembly.DefineDynamicModule("YamlDotNet").DefineType("YamlDotNet.RepresentationModel.YamlStream", TypeAttributes.Public).CreateType();
        var path = Path.Combine(folder.Path, "YamlDotNet.dll");
        assembly.Save(path);
        return path;
    }
}
