using System.Collections;
using System.Reflection;
using System.Text.RegularExpressions;

namespace Bee.Cmdlets.Tests;

/// <summary>Compares the table of error ids with the exceptions, the source and the docs.</summary>
public sealed partial class ErrorIdTests : IDisposable
{
    // Rows without an exception.
    private static readonly Dictionary<string, string> s_undocumented = new()
    {
        ["LinkFailed"] = "the compiler makes diagnostics of it, which are reported as CompilationFailed",
    };

    // Exceptions that do not derive from BeeException.
    private static readonly Dictionary<string, string> s_others = new()
    {
        ["PosixException"] = "failures of file operations are IOExceptions, as those of System.IO are",
        ["NotRegularFileException"] = "as PosixException",
        ["UntrustedPathException"] = "as PosixException",
        ["EncodeException"] = "internal; the encoders catch it and name the parameter or the entry",
        ["UnusableSignatureException"] = "internal; the verifier catches it and makes it a finding",
    };

    // Loads the module into this process.
    private readonly Shell _shell = new();

    public void Dispose() => _shell.Dispose();

    [Fact]
    public void Every_exception_derives_from_BeeException()
    {
        Type[] others = [.. BeeModule.Assemblies.SelectMany(assembly => assembly.GetTypes()).Where(type => type.IsSubclassOf(typeof(Exception)) && !IsBee(type))];

        Assert.Equal(s_others.Keys.Order(), others.Select(type => type.Name).Order());
    }

    [Fact]
    public void Every_id_of_an_exception_has_a_row()
    {
        string[] ids = [.. Exceptions().SelectMany(Ids)];

        Assert.Contains("LoadFailed.NoTarget", ids);
        Assert.Contains("BadManifest", ids);
        Assert.Empty(ids.Except(Rows().Keys));
    }

    [Fact]
    public void Every_id_of_the_source_has_a_row_and_every_row_is_used()
    {
        string[] lines = [.. SourceLines()];
        string source = string.Join('\n', lines);
        string[] inputs = [.. InputId().Matches(source).Select(match => match.Groups["id"].Value)];

        Assert.True(inputs.Length > 40, $"{inputs.Length} ids were found.");
        Assert.Empty(inputs.Except(Rows().Keys));
        string[] faults = [.. Exceptions().Where(type => Fault(type) is not null).SelectMany(type => Ids(type).Zip(Enum.GetNames(Fault(type)!), (id, name) =>
            lines.Any(line => !line.Contains("catch", StringComparison.Ordinal) && Regex.IsMatch(line, $@"\b{Fault(type)!.Name}\.{name}\b")) ? id : null)).OfType<string>()];
        string[] words = [.. Rows().Keys.Where(id => !id.Contains('.') && source.Contains($"\"{id}\"", StringComparison.Ordinal))];
        Assert.Empty(Rows().Keys.Except(faults).Except(words));
    }

    [Fact]
    public void Every_id_in_the_docs_has_a_row()
    {
        foreach (string file in Directory.GetFiles(BeeModule.File("docs"), "*.md"))
        {
            foreach (string id in DocumentedIds(File.ReadAllText(file)))
            {
                Assert.True(id.EndsWith(".*", StringComparison.Ordinal) ? Rows().Keys.Any(row => row.StartsWith(id[..^1], StringComparison.Ordinal)) : Rows().ContainsKey(id), $"{file} names {id}.");
            }
        }
    }

    [Fact]
    public void Error_page_has_every_row_with_its_category()
    {
        (string, string)[] documented = [.. PageRow().Matches(File.ReadAllText(BeeModule.File("docs", "errors.md"))).Select(match => (match.Groups["id"].Value, match.Groups["category"].Value))];

        Assert.Equal(Rows().Where(row => !s_undocumented.ContainsKey(row.Key)).Select(row => (row.Key, row.Value)).Order(), documented.Order());
    }

    private static bool IsBee(Type? type) => type is not null && (type.FullName == "Bee.Posix.BeeException" || IsBee(type.BaseType));

    private static IEnumerable<Type> Exceptions() => BeeModule.Assemblies.SelectMany(assembly => assembly.GetTypes()).Where(type => !type.IsAbstract && IsBee(type));

    private static Type? Fault(Type exception) => exception.GetProperty("Fault", BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)?.PropertyType;

    // Creates one exception for each of its faults, or a single one, with arbitrary other arguments.
    private static IEnumerable<string> Ids(Type exception)
    {
        ConstructorInfo constructor = exception.GetConstructors(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).Single();
        ParameterInfo[] parameters = constructor.GetParameters();
        // Callers pass the ids of these exceptions. The next test finds them in the source.
        if (exception.Name is "BeeInputException" or "CompilationException" or "BpfNotFoundException")
        {
            return [];
        }

        IEnumerable<object?> faults = Fault(exception) is { } fault ? Enum.GetValues(fault).Cast<object?>() : [null];
        return faults.Select(one => (string)exception.GetProperty("Id")!.GetValue(constructor.Invoke([.. parameters.Select(parameter =>
            parameter.ParameterType == one?.GetType() ? one
            : parameter.ParameterType == typeof(string) ? "text"
            : parameter.ParameterType.IsValueType ? Activator.CreateInstance(parameter.ParameterType) : null)]))!);
    }

    // Id and category.
    private static Dictionary<string, string> Rows()
    {
        var all = (IEnumerable)BeeModule.Assemblies[0].GetType("Bee.Cmdlets.Errors.ErrorIds", throwOnError: true)!.GetProperty("All")!.GetValue(null)!;
        return all.Cast<object>().ToDictionary(row => (string)Value(row, "Id")!, row => $"{Value(row, "Category")}");
    }

    private static object? Value(object row, string property) => row.GetType().GetProperty(property)!.GetValue(row);

    private static IEnumerable<string> SourceLines() => Directory.EnumerateFiles(BeeModule.File("src"), "*.cs", SearchOption.AllDirectories)
        .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && Path.GetFileName(file) != "ErrorIds.cs")
        .SelectMany(File.ReadLines)
        .Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal))
        .Concat(DotNetIds());

    // The source contains the ids of .NET exceptions only as constants of ErrorIds.
    private static IEnumerable<string> DotNetIds() => BeeModule.Assemblies[0].GetType("Bee.Cmdlets.Errors.ErrorIds", throwOnError: true)!
        .GetFields(BindingFlags.Static | BindingFlags.Public).Where(field => field.IsLiteral).Select(field => $"\"{field.GetRawConstantValue()}\"");

    private static IEnumerable<string> DocumentedIds(string page)
    {
        int start = page.IndexOf("\n## Errors\n", StringComparison.Ordinal);
        if (start < 0)
        {
            return [];
        }

        int end = page.IndexOf("\n## ", start + 1, StringComparison.Ordinal);
        return TableRow().Matches(end < 0 ? page[start..] : page[start..end]).SelectMany(row => Quoted().Matches(row.Groups["cell"].Value)).Select(match => match.Groups["id"].Value);
    }

    [GeneratedRegex(@"(new BeeInputException|BeeInputException \w+\([^)]*\)\s*=> new)\(\s*""(?<id>[\w.]+)""")]
    private static partial Regex InputId();

    [GeneratedRegex(@"^\| `(?<id>[\w.]+)` \| (?<category>\w+) \|", RegexOptions.Multiline)]
    private static partial Regex PageRow();

    [GeneratedRegex(@"^\|(?<cell> `[^|]*)\|", RegexOptions.Multiline)]
    private static partial Regex TableRow();

    [GeneratedRegex(@"`(?<id>[\w.*]+)`")]
    private static partial Regex Quoted();
}
