using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using Bee.Telemetry.Pictures;

namespace Bee.Telemetry.Tests.Pictures;

/// <summary>The SVG file of a flame graph.</summary>
public class FlameGraphTests
{
    // Names that a traced process may choose for its functions and itself.
    private const string Hostile = "</title><script>alert(1)</script>&\"'<![CDATA[]]>\u001b[31m\r\n\0\u202e\ud800\ufffe";

    [Fact]
    public void Each_frame_is_as_wide_as_its_part()
    {
        var frames = Frames(Draw(Stacks.Profile("samples", "dd;read 1", "dd;write;vfs_write [k] 2", "sh 1")));

        Assert.Equal(["all 0% 100%", "dd 0% 75%", "read 0% 25%", "write 25% 50%", "vfs_write 25% 50%", "sh 75% 25%"], frames.Select(frame => $"{frame.Name} {frame.X} {frame.Width}"));
        Assert.Equal("2 samples, 50.00 %", frames[4].Amount);
    }

    [Fact]
    public void Weights_that_no_number_holds_stay_in_the_picture() =>
        Assert.All(Frames(Draw(Stacks.Profile("ns", $"dd;a {long.MaxValue}", $"dd;b {long.MaxValue}"))), frame => Assert.False(frame.X.StartsWith('-')));

    [Fact]
    public void A_frame_lies_on_its_caller_or_hangs_below_it()
    {
        var profile = Stacks.Profile("samples", "dd;read 1");

        Assert.Equal(["36", "18", "0"], Frames(Draw(profile)).Select(frame => frame.Y));
        Assert.Equal(["0", "18", "36"], Frames(Draw(profile, new FlameGraphOptions { IsInverted = true })).Select(frame => frame.Y));
    }

    [Theory]
    [InlineData("ns", "1.25 ms")]
    [InlineData("bytes", "1.192 MiB")]
    [InlineData("samples", "1,250,000 samples")]
    [InlineData(null, "1,250,000")]
    public void Titles_have_the_unit(string? unit, string amount) => Assert.StartsWith(amount + ",", Frames(Draw(Stacks.Profile(unit, "dd;read 1250000")))[1].Amount, StringComparison.Ordinal);

    [Fact]
    public void Names_of_others_stay_text()
    {
        var stacks = new StackCollector(new StackOptions());
        stacks.Add(new StackEntry(1, 1, Stacks.Trace(Hostile), process: Hostile), null);
        var document = Draw(stacks.Finish(), new FlameGraphOptions { Title = Hostile });

        Assert.Single(document.Descendants(), element => element.Name.LocalName == "script");
        Assert.Equal(3, Frames(document).Count);
        Assert.All(Frames(document)[1..], frame => Assert.Equal("</title><script>alert(1)</script>&\"'<![CDATA[]]>␛[31m␍␊␀\ufffd\ufffd\ufffd", frame.Name));
        Assert.DoesNotContain(document.Descendants().SelectMany(element => element.Attributes()), attribute => attribute.Name.LocalName.StartsWith("on", StringComparison.Ordinal) || attribute.Name.LocalName.Contains("href", StringComparison.Ordinal));
    }

    [Fact]
    public void The_file_needs_no_other()
    {
        var text = Stacks.Text(output => FlameGraph.Write(Stacks.Profile("samples", "dd;read 1"), new FlameGraphOptions(), output));

        Assert.DoesNotContain("http", text.Replace("http://www.w3.org/", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.DoesNotContain("url(", text, StringComparison.Ordinal);
        Assert.DoesNotContain("@import", text, StringComparison.Ordinal);
        Assert.DoesNotContain("innerHTML", text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_order_of_the_input_does_not_count()
    {
        string[] lines = ["dd;read;a [k] 1", "dd;read;b [k] 2", "sh;x 3", "dd;write 4"];

        Assert.Equal(
            Stacks.Text(output => FlameGraph.Write(Stacks.Profile("samples", lines), new FlameGraphOptions(), output)),
            Stacks.Text(output => FlameGraph.Write(Stacks.Profile("samples", [.. lines.Reverse()]), new FlameGraphOptions(), output)));
    }

    [Fact]
    public void Frames_that_no_screen_shows_are_counted()
    {
        var document = Draw(Stacks.Profile("samples", ["dd;wide 100000", "dd;narrow;narrower 2", "dd;other 1"]));

        Assert.Equal(["all", "dd", "wide"], Frames(document).Select(frame => frame.Name));
        Assert.Contains(document.Descendants(), element => element.Name.LocalName == "text" && element.Value == "3 narrow frames are not drawn");
    }

    [Fact]
    public void A_hundred_thousand_stacks_and_deep_ones_become_a_file_that_browsers_bear()
    {
        var profile = new StackProfile { Unit = "samples" };
        CallFrame[] frames = [.. Enumerable.Range(0, 2000).Select(i => new CallFrame($"function_{i.ToString(CultureInfo.InvariantCulture)}", FrameKind.User))];
        for (var i = 0; i < 100_000; i++)
        {
            profile.Add(profile.Find([frames[i % 7], frames[i % 101], frames[i % 1999], frames[i / 100]]), 1 + i % 3);
        }

        profile.Add(profile.Find([.. Enumerable.Range(0, 5000).Select(i => frames[i % 2000])]), 100_000);
        var text = Stacks.Text(output => FlameGraph.Write(profile, new FlameGraphOptions(), output));
        var drawn = Frames(XDocument.Parse(text)).Count;

        Assert.InRange(drawn, 5000, 20_001);
        Assert.InRange(text.Length, 1, 20_000_000);
        Assert.Equal(100_001, profile.StackCount);
    }

    [Fact]
    public void Too_many_frames_of_one_width_draws_those_near_the_root()
    {
        var profile = new StackProfile();
        for (var i = 0; i < 300; i++)
        {
            profile.Add(profile.Find([.. Enumerable.Range(0, 100).Select(depth => new CallFrame($"f{i.ToString(CultureInfo.InvariantCulture)}", FrameKind.User))]), 1);
        }

        Assert.Equal(1 + 300 * 66, Frames(Draw(profile)).Count);
    }

    internal static XDocument Draw(StackProfile profile, FlameGraphOptions? options = null)
    {
        var text = Stacks.Text(output => FlameGraph.Write(profile, options ?? new FlameGraphOptions(), output));
        using var reader = XmlReader.Create(new StringReader(text), new XmlReaderSettings { CheckCharacters = true, DtdProcessing = DtdProcessing.Prohibit });
        return XDocument.Load(reader);
    }

    private static List<(string Name, string Amount, string X, string Y, string Width)> Frames(XDocument document) =>
        [.. document.Descendants().Where(element => element.Attribute("class")?.Value.StartsWith("f ", StringComparison.Ordinal) == true).Select(element =>
        {
            var title = element.Elements().First().Value.Split('\n');
            return (title[0], title[1], element.Attribute("x")!.Value, element.Attribute("y")!.Value, element.Attribute("width")!.Value);
        })];
}

/// <summary>Stacks as lines of text, and as profiles for pprof.</summary>
public class StackFormatTests
{
    [Fact]
    public void Lines_have_the_separators_of_flamegraph_pl() => Assert.Equal(
        "dd;a:b;c d 2\ndd;z 1\n", Stacks.Text(output => FoldedStacks.Write(Profile(("z", 1), ("a;b|c d", 2)), output)));

    [Theory]
    [InlineData("x.svg", FlameGraphFormat.Svg)]
    [InlineData("x.html", null)]
    [InlineData("x", null)]
    [InlineData("x.FOLDED", FlameGraphFormat.Folded)]
    [InlineData("x.txt", FlameGraphFormat.Folded)]
    [InlineData("x.pb.gz", FlameGraphFormat.Pprof)]
    [InlineData("x.pprof", FlameGraphFormat.Pprof)]
    public void The_file_extension_selects_the_format(string file, FlameGraphFormat? format) => Assert.Equal(format, FlameGraphFormats.OfName(file));

    [Fact]
    public void A_profile_has_each_string_function_and_mapping_once()
    {
        var stacks = new StackCollector(new StackOptions { KeepsPlaces = true });
        stacks.Add(new StackEntry(1, 3, Stacks.Trace("main", "read")), null);
        stacks.Add(new StackEntry(2, 4, Stacks.Trace("main", "write")), null);
        using var stream = new MemoryStream();
        PprofProfile.Write(stacks.Finish(), "title", stream);
        stream.Position = 0;
        using var gzip = new System.IO.Compression.GZipStream(stream, System.IO.Compression.CompressionMode.Decompress);
        using var plain = new MemoryStream();
        gzip.CopyTo(plain);
        var fields = Fields(plain.ToArray()).ToLookup(field => field.Number, field => field.Bytes);

        Assert.Equal(2, fields[2].Count());
        Assert.Single(fields[3]);
        Assert.Equal(["", "/usr/lib/libx.so", "0123abcd", "comm", "count", "dd", "main", "read", "title", "value", "write"], fields[6].Select(Encoding.UTF8.GetString).Order(StringComparer.Ordinal));
        Assert.Equal(3, fields[5].Count());
    }

    private static StackProfile Profile(params (string Names, long Weight)[] stacks)
    {
        var profile = new StackProfile();
        foreach (var (names, weight) in stacks)
        {
            profile.Add(profile.Find([new CallFrame("dd", FrameKind.Group), .. names.Split('|').Select(name => new CallFrame(name, FrameKind.User))]), weight);
        }

        return profile;
    }

    // The fields of one message. Numbers have no bytes.
    private static IEnumerable<(int Number, byte[] Bytes)> Fields(byte[] message)
    {
        for (var at = 0; at < message.Length;)
        {
            var tag = Varint(message, ref at);
            var value = Varint(message, ref at);
            if ((tag & 7) == 2)
            {
                yield return ((int)(tag >> 3), message[at..(at + (int)value)]);
                at += (int)value;
            }
            else
            {
                yield return ((int)(tag >> 3), []);
            }
        }
    }

    private static ulong Varint(byte[] bytes, ref int at)
    {
        var value = 0ul;
        for (var shift = 0; ; shift += 7)
        {
            var part = bytes[at++];
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }
    }
}
