using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;

namespace Bee.Architecture.Tests;

/// <summary>What users read is plain English: the verb is negated and not the noun, and the actor is named.</summary>
public partial class MessageTests
{
    [Theory]
    [MemberData(nameof(Layers.Assemblies), MemberType = typeof(Layers))]
    public void Text_of_an_assembly_negates_the_verb_and_names_the_actor(string assembly)
    {
        using var file = new PEReader(File.OpenRead(Path.Combine(AppContext.BaseDirectory, assembly + ".dll")));
        var metadata = file.GetMetadataReader();
        var texts = new List<string>();
        for (var handle = metadata.GetNextHandle(MetadataTokens.UserStringHandle(0)); !handle.IsNil; handle = metadata.GetNextHandle(handle))
        {
            texts.Add(metadata.GetUserString(handle));
        }

        Assert.NotEmpty(texts);
        Assert.Equal([], [.. texts.Where(text => Awkward().IsMatch(text))]);
    }

    [Theory]
    [InlineData("'x' is no duration.")]
    [InlineData("an address that is none.")]
    [InlineData("gives nobody a token")]
    public void Awkward_text_is_found(string text) => Assert.Matches(Awkward(), text);

    [Theory]
    [InlineData("There is no map 'x'.")]
    [InlineData("it is no longer there")]
    [InlineData("it has no name")]
    public void Plain_text_passes(string text) => Assert.DoesNotMatch(Awkward(), text);

    [GeneratedRegex(@"\b(?<!there )(is|are) no (?!longer|such|more)|\b(nobody|somebody|whoever|is none)\b|less than nothing", RegexOptions.IgnoreCase)]
    private static partial Regex Awkward();
}
