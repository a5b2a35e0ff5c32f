namespace Bee.Architecture.Tests;

public class LayerTests
{
    // What the compiler and source generators add, which no source file names.
    private static bool IsGenerated(TypeId type) => !type.Namespace.StartsWith("Bee.", StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(Layers.Assemblies), MemberType = typeof(Layers))]
    public void Namespace_of_every_type_is_a_layer(string assembly)
    {
        using var read = new AssemblyUses(assembly);

        Assert.Empty(read.Types.Where(type => !IsGenerated(type)).ExceptBy(Layers.Namespaces[assembly], type => type.Namespace));
    }

    [Theory]
    [MemberData(nameof(Layers.Assemblies), MemberType = typeof(Layers))]
    public void Layer_in_the_list_has_types(string assembly)
    {
        using var read = new AssemblyUses(assembly);

        Assert.Empty(Layers.Namespaces[assembly].Except(read.Types.Select(type => type.Namespace)));
    }

    // The order is total, so no namespace can be in a cycle either.
    [Theory]
    [MemberData(nameof(Layers.Assemblies), MemberType = typeof(Layers))]
    public void Type_uses_no_later_layer(string assembly)
    {
        using var read = new AssemblyUses(assembly);
        var layers = Layers.Namespaces[assembly];
        int Rank(TypeId type) => Array.IndexOf(layers, type.Namespace);

        var upward = read.Uses()
            .Where(use => !IsGenerated(use.From) && Rank(use.To) > Rank(use.From))
            .Select(use => $"{use.From} uses {use.To}")
            .Order(StringComparer.Ordinal);

        Assert.Empty(upward);
    }

    [Fact]
    public void Uses_of_an_assembly_are_found_in_signatures_code_and_bases()
    {
        using var read = new AssemblyUses("Bee.Ebpf");
        var uses = read.Uses().Select(use => (From: use.From.Name, To: use.To.Name)).ToHashSet();

        // A base class, a field, a parameter, and a call in the code of a method.
        Assert.Contains(("BpfSessionOptions", "AttachOptions"), uses);
        Assert.Contains(("LoadResult", "ObjectHandle"), uses);
        Assert.Contains(("RingBuffer", "BpfMap"), uses);
        Assert.Contains(("ObjectLoader", "RecordType"), uses);
    }

    [Fact]
    public void Only_the_cmdlets_know_PowerShell()
    {
        var knowing = Directory.GetFiles(AppContext.BaseDirectory, "Bee.*.dll").Select(path => Path.GetFileNameWithoutExtension(path)!).Where(name => !name.EndsWith(".Tests", StringComparison.Ordinal))
            .Where(name =>
            {
                using var read = new AssemblyUses(name);
                return read.References().Contains("System.Management.Automation");
            });

        Assert.Equal(["Bee.Cmdlets"], knowing);
    }

    [Fact]
    public void Cmdlet_stands_on_four_bases_at_most()
    {
        using var read = new AssemblyUses("Bee.Cmdlets");
        // Nested types count as the type that they are in, which comes before them.
        var bases = read.Bases().Where(pair => pair.Type.StartsWith("Bee.", StringComparison.Ordinal)).DistinctBy(pair => pair.Type).ToDictionary(pair => pair.Type, pair => pair.Base);
        int Height(string type) => type == "Bee.Cmdlets.Base.BeeCmdlet" ? 0 : bases.TryGetValue(type, out var under) && Height(under) is >= 0 and var height ? height + 1 : -1;

        var heights = bases.Keys.ToDictionary(type => type, Height);

        // The highest are the cmdlets that run a tool: registry, verification, program, run.
        Assert.Equal(5, heights.Values.Max());
        Assert.All(heights.Where(type => type.Value == 5), type => Assert.EndsWith("Command", type.Key, StringComparison.Ordinal));
    }

    [Fact]
    public void Native_function_is_declared_once()
    {
        var imports = new List<string>();
        foreach (var path in Directory.GetFiles(AppContext.BaseDirectory, "Bee.*.dll").Where(path => !path.EndsWith(".Tests.dll", StringComparison.Ordinal)))
        {
            using var read = new AssemblyUses(Path.GetFileNameWithoutExtension(path));
            imports.AddRange(read.Imports());
        }

        Assert.NotEmpty(imports);
        Assert.Empty(imports.GroupBy(import => import).Where(group => group.Count() > 1).Select(group => $"{group.Key} is declared {group.Count()} times"));
    }

    // The first three have the meaning that .NET gives IOException, and callers that know System.IO catch them so; the others leave their assembly in no case.
    private static readonly string[] s_otherBases =
    [
        "Bee.Posix.PosixException : System.IO.IOException", "Bee.Posix.NotRegularFileException : System.IO.IOException", "Bee.Posix.UntrustedPathException : System.IO.IOException",
        "Bee.Ebpf.Records.EncodeException : System.Exception", "Bee.Oci.Signatures.Layouts.UnusableSignatureException : System.Exception",
    ];

    [Fact]
    public void BeeException_is_the_only_base_of_exceptions()
    {
        var others = new List<string>();
        foreach (var assembly in Directory.GetFiles(AppContext.BaseDirectory, "Bee.*.dll").Where(path => !path.EndsWith(".Tests.dll", StringComparison.Ordinal)))
        {
            using var read = new AssemblyUses(Path.GetFileNameWithoutExtension(assembly));
            others.AddRange(read.Bases().Where(pair => pair.Type != "Bee.Posix.BeeException" && pair.Base.EndsWith("Exception", StringComparison.Ordinal) && !pair.Base.StartsWith("Bee.", StringComparison.Ordinal)).Select(pair => $"{pair.Type} : {pair.Base}"));
        }

        Assert.Equal(s_otherBases.Order(StringComparer.Ordinal), others.Order(StringComparer.Ordinal));
    }
}
