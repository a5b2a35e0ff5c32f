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
}
