using System.Collections;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Tests.Records;

/// <summary>Arrays of char with words that end with a NUL each.</summary>
public sealed class WordsTests
{
    private const string Declarations = "struct started { u32 pid; char args[16]; char comm[8]; char more[]; };";

    private static readonly MapMetadata s_said = new() { Fields = new Dictionary<string, FieldMetadata> { ["args"] = new() { Words = true }, ["more"] = new() { Words = true } } };

    private static readonly (string Bytes, string Expected)[] s_words =
    [
        ("ls\0-l\0/tmp\0", """["ls","-l","/tmp"]"""), ("ls\0\0x", """["ls","","x"]"""), ("", "[]"), ("one", """["one"]"""), ("0123456789abcdef", """["0123456789abcdef"]"""),
    ];

    [ClangFact]
    public void Decode_of_words_returns_a_list()
    {
        using var c = new CProgram(Declarations, ["struct started"]);
        var type = RecordType.ForStruct(c.Struct("started"), "started", s_said);
        Assert.All(s_words, test =>
        {
            var data = new byte[28 + test.Bytes.Length];
            System.Text.Encoding.UTF8.GetBytes(test.Bytes).CopyTo(data, 4);
            System.Text.Encoding.UTF8.GetBytes(test.Bytes).CopyTo(data, 28);
            var e = type.Decode(data);
            Assert.Equal(test.Expected, Assert.IsType<BpfArray<string>>(e.Get("args")).ToString());
            Assert.Equal(test.Expected, Assert.IsType<BpfArray<string>>(e.Get("more")).ToString());
            Assert.Equal(data[4..20], e.GetBytes("ARGS"));
        });
        Assert.Equal(FieldMeaning.Words, type.Fields.Single(f => f.Name == "args").Meaning);
    }

    [ClangFact]
    public void Decode_of_words_without_metadata_returns_text_up_to_the_first_NUL()
    {
        using var c = new CProgram(Declarations, ["struct started"]);
        var data = new byte[28];
        "ls\0-l\0"u8.CopyTo(data.AsSpan(4));
        var e = RecordType.ForStruct(c.Struct("started"), "started").Decode(data);
        Assert.Equal("ls", e.Get("args"));
        Assert.Equal("ls\0-l"u8.ToArray(), e.GetBytes("args")[..5]);
        Assert.Contains("'arg'", Assert.Throws<ArgumentException>(() => e.GetBytes("arg")).Message, StringComparison.Ordinal);
    }

    [ClangFact]
    public void Words_in_a_key_are_decoded_and_encoded()
    {
        using var c = new CProgram("struct key { char args[16]; };", ["struct key", "u64"]);
        var map = new MapDescription { Name = "counter_runs", Type = MapType.Hash, Key = c.Struct("key"), Value = c.Root(1), KeySize = 16, ValueSize = 8 }.WithMetadata(s_said);
        var encoder = new EntryEncoder(map);
        var key = encoder.Key(new Hashtable { ["args"] = new[] { "ls", "-l" } });
        Assert.Equal("ls\0-l\0"u8.ToArray(), key[..6]);
        Assert.Equal("""["ls","-l"]""", EntryType.ForMap(map).Decode(key, new byte[8]).Get("args")!.ToString());
        Assert.Equal("no room", Assert.Throws<BpfMapException>(() => encoder.Key(new Hashtable { ["args"] = new[] { "0123456789", "01234" } })).Message is var text && text.Contains("no room", StringComparison.Ordinal) ? "no room" : text);
    }
}
