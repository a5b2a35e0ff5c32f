using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;

namespace Bee.Cmdlets.Tests;

/// <summary>The libraries mention no cmdlet and no parameter of a cmdlet, neither in strings nor in XML comments.</summary>
public sealed partial class LibraryTextTests : IDisposable
{
    private readonly Shell _shell = new();

    public static TheoryData<string> Libraries => ["Bee.Posix", "Bee.Ebpf", "Bee.Containers", "Bee.Oci", "Bee.Toolchain", "Bee.Telemetry", "Bee.Terminal", "deps/Bee.Isolated"];

    public void Dispose() => _shell.Dispose();

    [Theory]
    [MemberData(nameof(Libraries))]
    public void Strings_mention_no_cmdlet_and_no_parameter(string library)
    {
        using var image = new PEReader(File.OpenRead(Path.Combine(BeeModule.Path, $"{library}.dll")));
        MetadataReader metadata = image.GetMetadataReader();
        var found = new List<string>();
        int strings = 0;
        for (UserStringHandle handle = metadata.GetNextHandle(MetadataTokens.UserStringHandle(0)); !handle.IsNil; handle = metadata.GetNextHandle(handle))
        {
            strings++;
            string text = metadata.GetUserString(handle);
            if (NamesCmdlet(text))
            {
                found.Add(text);
            }
        }

        Assert.Empty(found);
        Assert.True(strings > 10, $"{strings} strings were read.");
    }

    [Theory]
    [MemberData(nameof(Libraries))]
    public void XML_comments_mention_no_cmdlet_and_no_parameter(string library)
    {
        string name = Path.GetFileName(library);
        string file = Directory.GetFiles(BeeModule.File("src", name, "bin", "Release"), $"{name}.xml", SearchOption.AllDirectories)[0];

        Assert.DoesNotContain(File.ReadLines(file), NamesCmdlet);
    }

    [Fact]
    public void Detection_recognizes_cmdlets_and_parameters()
    {
        Assert.True(NamesCmdlet("Stop-BeeProgram ends it."));
        Assert.True(NamesCmdlet("-Interface names it."));
        Assert.False(NamesCmdlet("clang -Wall -O2"));
    }

    // A parameter's name must be one of a cmdlet: flags of clang and openssl also begin with a dash.
    private bool NamesCmdlet(string text) => Cmdlet().IsMatch(text) || Parameter().Matches(text).Any(match => Parameters.Contains(match.Groups["name"].Value));

    private HashSet<string> Parameters => field ??= [.. _shell.Objects("Get-Command -Module Bee | ForEach-Object { $_.Parameters.Keys }").Select(name => $"{name}")];

    [GeneratedRegex(@"\b[A-Z][a-z]+-Bee[A-Z]|\b[Cc]mdlet|PowerShell")]
    private static partial Regex Cmdlet();

    [GeneratedRegex(@"(?<![\w-])-(?<name>[A-Z][A-Za-z]+)\b")]
    private static partial Regex Parameter();
}
