using System.Text.Json;
using System.Text.Json.Nodes;
using Bee.Toolchain.Isolation;
using Bee.Toolchain.Manifest;

namespace Bee.Toolchain.Tests;

/// <summary>Checks that docs/bee.schema.json, which editors use, matches the reader.</summary>
public class ManifestSchemaTests
{
    private static readonly JsonObject s_schema = (JsonObject)JsonNode.Parse(File.ReadAllText(Path.Combine(Sources.Examples, "..", "docs", "bee.schema.json")))!;

    /// <summary>Each part of the schema that has keys of its own, and the YAML around them.</summary>
    public static TheoryData<string, string> Parts => new()
    {
        { "", "{0}" },
        { "map", "maps: {{ m: {{ {0} }} }}" },
        { "metric", "maps: {{ m: {{ metric: {{ {0} }} }} }}" },
        { "scale", "maps: {{ m: {{ scale: {{ {0} }} }} }}" },
        { "field", "maps: {{ m: {{ fields: {{ f: {{ {0} }} }} }} }}" },
        { "parameter", "parameters: {{ p: {{ {0} }} }}" },
        { "program", "programs: {{ p: {{ {0} }} }}" },
    };

    [Theory]
    [MemberData(nameof(Parts))]
    public void Reader_and_schema_have_the_same_keys(string part, string around)
    {
        // The message for an unknown key lists all known keys.
        var wrong = Assert.Throws<ManifestException>(() => Read(string.Format(around, "no_such_key: 1")));
        var known = wrong.Message[(wrong.Message.IndexOf("Known keys are ", StringComparison.Ordinal) + "Known keys are ".Length)..].TrimEnd('.').Split(", ");

        Assert.Equal(Properties(part).Select(property => property.Key).Order(), known.Order());
    }

    [Theory]
    [MemberData(nameof(Parts))]
    public void Reader_accepts_exactly_the_values_of_the_schema(string part, string around)
    {
        foreach (var (key, schema) in Properties(part))
        {
            foreach (var value in Good(key, (JsonObject)schema!))
            {
                Assert.Equal("", Problem(string.Format(around, $"{key}: {value}")));
            }

            foreach (var value in Bad((JsonObject)schema!))
            {
                Assert.StartsWith("/", Problem(string.Format(around, $"{key}: {value}")));
            }
        }
    }

    [Fact]
    public void Every_part_is_tried() =>
        Assert.Equal(Parts.Select(row => (string)row[0]).Where(name => name.Length > 0).Append("texts").Order(), ((JsonObject)s_schema["definitions"]!).Select(part => part.Key).Order());

    [Fact]
    public void Every_property_is_explained() => Assert.All(
        Parts.SelectMany(row => Properties((string)row[0])), property => Assert.EndsWith(".", (string)property.Value!["description"]!));

    private static JsonObject Properties(string part) => (JsonObject)(part.Length == 0 ? s_schema : s_schema["definitions"]![part]!)["properties"]!;

    private static string[] Good(string key, JsonObject schema) => key switch
    {
        "sources" => ["a.c", "[a.bpf.c, b.bpf.c]"],
        "maps" or "parameters" or "programs" or "fields" => ["{}", "{ a: {} }"],
        "defines" => ["[A, B=1]", "{ A: 1, B: }"],
        "attach" => ["text", "none", "true", "false"],
        "metric" => ["{}", "{ name: opened }"],
        "scale" => ["log2", "linear", "bounds", "{ step: 2 }"],
        "buckets" => ["[1, 2.5]"],
        "sum" => ["27", "{ slot: 27, factor: 0.5 }"],
        "values" => ["{ 0: read, 1: write }"],
        "severity" when schema["type"] is not null => ["{ 0: error, ENOENT: notice }"],
        "platforms" => ["linux/amd64", "[amd64, linux/arm/v7]"],
        "authors" or "labels" or "includes" => ["a", "[a, b]"],
        "default" => ["a", "1", "true", "[1, 2]", "{ a: 1 }"],
        _ when schema["enum"] is JsonArray words => [.. words.Select(word => (string)word!)],
        _ => (string)schema["type"]! switch
        {
            "string" => ["text"],
            "boolean" => ["true", "false"],
            "integer" => [schema["minimum"]!.ToJsonString(), schema["maximum"]!.ToJsonString()],
            "number" => ["1", "0.5"],
            var other => throw new InvalidOperationException(other),
        },
    };

    private static string[] Bad(JsonObject schema) => schema switch
    {
        _ when schema["enum"] is not null => ["other", "[]"],
        _ => (schema["type"] as JsonValue)?.GetValue<JsonElement>() is { ValueKind: JsonValueKind.String } type
            ? type.GetString() switch
            {
                "string" => ["[]", "{}", "1", "true", ""],
                "boolean" => ["yes", "1", "[]"],
                "integer" => [$"{(long)schema["minimum"]! - 1}", $"{(long)schema["maximum"]! + 1}", "1.5", "a"],
                "number" => ["a", "[]", ".nan"],
                "object" => ["a", "[]", "{ a: 1 }"],
                "array" => ["a", "[a]", "{}"],
                var other => throw new InvalidOperationException(other),
            }
            : [""],
    };

    private static string Problem(string text)
    {
        try
        {
            Read(text);
            return "";
        }
        catch (ManifestException wrong)
        {
            return wrong.Message;
        }
    }

    private static ProgramManifest Read(string text)
    {
        using var folder = new TemporaryFolder();
        return Isolated.Create<IManifestReader>().Read(folder.Write("bee.yaml", text));
    }
}
