using Bee.Oci.Registry.Authentication;

namespace Bee.Oci.Tests.Registry;

public sealed class ChallengeTests
{
    [Theory]
    [InlineData("Basic realm=\"r\"", "Basic(realm=r)")]
    [InlineData("Bearer realm=\"https://auth.example/token\",service=\"registry.example\",scope=\"repository:a/b:pull,push\"", "Bearer(realm=https://auth.example/token;scope=repository:a/b:pull,push;service=registry.example)")]
    [InlineData("bearer REALM = \"a\\\"b\" , service=x", "bearer(REALM=a\"b;service=x)")]
    [InlineData("Basic realm=\"one, Bearer realm=two\", Bearer realm=\"three\"", "Basic(realm=one, Bearer realm=two) Bearer(realm=three)")]
    [InlineData("Negotiate, Basic realm=x", "Negotiate() Basic(realm=x)")]
    [InlineData("Bearer realm=\"never closed", "Bearer(realm=never closed)")]
    [InlineData("Bearer realm=a,realm=b", "Bearer(realm=a)")]
    [InlineData("Bearer realm=", "Bearer(realm=)")]
    [InlineData("", "")]
    [InlineData(",,, \t", "")]
    [InlineData("=\"\"=,\"", "")]
    public void Is_read_as_it_is_meant(string header, string expected)
    {
        var all = new List<Challenge>();
        Challenge.Read(header, all);

        Assert.Equal(expected, string.Join(' ', all.Select(one => $"{one.Scheme}({string.Join(';', one.Parameters.OrderBy(p => p.Key, StringComparer.OrdinalIgnoreCase).Select(p => $"{p.Key}={p.Value}"))})")));
    }

    [Fact]
    public void A_hostile_header_does_not_block_the_parser()
    {
        var random = new Random(4);
        const string Alphabet = "ab =,\"\\\tBearerBasic";
        for (int i = 0; i < 20_000; i++)
        {
            string text = new([.. Enumerable.Range(0, random.Next(40)).Select(_ => Alphabet[random.Next(Alphabet.Length)])]);
            Challenge.Read(text, []);
        }
    }
}
