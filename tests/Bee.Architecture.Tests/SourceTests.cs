using System.Text.RegularExpressions;

namespace Bee.Architecture.Tests;

public partial class SourceTests
{
    private static readonly string s_root = FindRoot();

    [Fact]
    public void Namespace_of_a_file_is_its_folder()
    {
        var wrong = Sources()
            .Select(file => (File: file, Declared: Declaration().Match(File.ReadAllText(Path.Combine(s_root, file))).Groups[1].Value, Folder: Path.GetDirectoryName(Path.GetRelativePath("src", file))!.Replace('/', '.')))
            .Where(one => one.Declared.Length > 0 && one.Declared != one.Folder)
            .Select(one => $"{one.File} declares {one.Declared}");

        Assert.Empty(wrong);
    }

    [Fact]
    public void Type_stands_in_one_file()
    {
        var parts = Sources()
            .SelectMany(file => Partial().Matches(File.ReadAllText(Path.Combine(s_root, file))).Select(match => (Type: $"{Path.GetDirectoryName(file)}/{match.Groups[1].Value}", File: file)).Distinct())
            .GroupBy(part => part.Type)
            .Where(type => type.Count() > 1)
            .Select(type => string.Join(", ", type.Select(part => part.File)));

        Assert.Empty(parts);
    }

    [Fact]
    public void Name_and_folder_on_the_architecture_page_exists()
    {
        var files = Files();
        var words = files.Where(file => file.EndsWith(".cs", StringComparison.Ordinal)).SelectMany(file => Word().Matches(File.ReadAllText(Path.Combine(s_root, file))).Select(match => match.Value)).ToHashSet(StringComparer.Ordinal);
        var quoted = Quoted().Matches(File.ReadAllText(Path.Combine(s_root, "docs/architecture.md"))).Select(match => match.Groups[1].Value).Distinct().ToList();

        var names = quoted.Where(name => TypeName().IsMatch(name) && !name.Split('.').All(words.Contains));
        var folders = quoted.Where(name => name.StartsWith("Bee.", StringComparison.Ordinal) && name.Contains('/', StringComparison.Ordinal) && !files.Any(file => file.StartsWith($"src/{name}/", StringComparison.Ordinal)));

        Assert.NotEmpty(quoted);
        Assert.Empty(names.Concat(folders));
    }

    private static List<string> Files() => [.. Directory.EnumerateFiles(s_root, "*", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(s_root, file))
        .Where(file => (file.StartsWith("src/", StringComparison.Ordinal) || file.StartsWith("tests/", StringComparison.Ordinal))
            && !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal))];

    private static IEnumerable<string> Sources() => Directory.EnumerateFiles(Path.Combine(s_root, "src"), "*.cs", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(s_root, file))
        .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal));

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Bee.slnx")))
        {
            folder = Path.GetDirectoryName(folder.TrimEnd('/')) ?? throw new InvalidOperationException("The tests do not stand in a checkout of Bee.");
        }

        return folder;
    }

    [GeneratedRegex(@"^namespace ([A-Za-z.]+)", RegexOptions.Multiline)]
    private static partial Regex Declaration();

    [GeneratedRegex(@"^\s*(?:public |internal |private |static |sealed |abstract |unsafe |file )*partial (?:class|struct|record|interface) (\w+)", RegexOptions.Multiline)]
    private static partial Regex Partial();

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();

    // HttpListener is .NET's own, and named because it is not used.
    [GeneratedRegex(@"^(?!HttpListener$)[A-Z]\w*[a-z]\w*(\.[A-Z]\w+)*$")]
    private static partial Regex TypeName();
}
