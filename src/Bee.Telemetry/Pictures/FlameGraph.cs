using System.Globalization;
using System.Numerics;
using System.Xml;
using Bee.Posix;

namespace Bee.Telemetry.Pictures;

/// <summary>Options of <see cref="StackProfile.Write"/>.</summary>
public sealed record FlameGraphOptions
{
    /// <summary>The title of the picture, or a comment in a pprof profile. Null for <see cref="StackProfile.Name"/>, or no comment.</summary>
    public string? Title { get; init; }

    /// <summary>Whether the outermost functions are at the top of the picture. The default is the bottom.</summary>
    public bool IsInverted { get; init; }
}

/// <summary>
/// Draws stacks as a self-contained SVG file. Each frame is as wide as its share of the whole, and lies on the frame of its caller. An embedded script zooms, searches and
/// shows details of a frame. Without scripts, the picture is static, and each frame has a title. The same profile yields the same bytes.
/// </summary>
internal static class FlameGraph
{
    private const string Svg = "http://www.w3.org/2000/svg";

    // The width of a screen in pixels, the number of tenths of a pixel in it, and the number of frames that a browser moves without delay.
    private const int Width = 1200, LeastPart = 12_000, MostFrames = 20_000;

    private const int Row = 18, Top = 72, Bottom = 34, Shades = 6;

    // The width of a monospaced letter at 12 pixels.
    private const double LetterWidth = 7.23;

    /// <summary>Draws a profile.</summary>
    /// <param name="profile">The profile.</param>
    /// <param name="options">The title and the direction.</param>
    /// <param name="output">Receives the file. It stays open.</param>
    public static void Write(StackProfile profile, FlameGraphOptions options, Stream output)
    {
        ArgumentNullException.ThrowIfNull(profile);
        ArgumentNullException.ThrowIfNull(options);
        var totals = profile.Totals();
        var least = Least(totals);
        var places = Cut(profile.Walk(totals, least));
        var hidden = totals.LongCount(total => total > 0) - places.LongCount(place => totals[place.Node] > 0);
        using var xml = XmlWriter.Create(output, new XmlWriterSettings { Encoding = new System.Text.UTF8Encoding(false), CloseOutput = false, NewLineHandling = NewLineHandling.None });
        new Drawing(xml, profile, options, totals, places, hidden).Write();
    }

    // Frames narrower than a tenth of a pixel are invisible, and more than MostFrames are too many to read.
    private static long Least(long[] totals)
    {
        var least = Math.Max(1, totals[0] / LeastPart);
        var drawn = totals.AsSpan(1).ToArray().Where(total => total >= least).ToArray();
        if (drawn.Length <= MostFrames)
        {
            return least;
        }

        Array.Sort(drawn);
        return drawn[^MostFrames];
    }

    // Of frames of equal width, keeps those nearest to the root.
    private static List<StackProfile.Place> Cut(List<StackProfile.Place> places)
    {
        if (places.Count <= MostFrames)
        {
            return places;
        }

        var deepest = places.Select(place => place.Depth).Order().ElementAt(MostFrames) - 1;
        return places.FindAll(place => place.Depth <= Math.Max(1, deepest));
    }

    private static string Resource(string name)
    {
        using var stream = typeof(FlameGraph).Assembly.GetManifestResourceStream($"Bee.Telemetry.Pictures.{name}")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private sealed class Drawing(XmlWriter xml, StackProfile profile, FlameGraphOptions options, long[] totals, List<StackProfile.Place> places, long hidden)
    {
        private readonly long _whole = Math.Max(1, totals[0]);
        private readonly int _rows = places.Max(place => place.Depth) + 1;

        public void Write()
        {
            var height = Top + _rows * Row + Bottom;
            var title = Text(options.Title ?? profile.Name ?? "Flame graph");
            xml.WriteStartElement("svg", Svg);
            Attribute("class", "bee-flames");
            Attribute("width", "100%");
            Attribute("height", Number(height));
            Attribute("data-inverted", options.IsInverted ? "true" : "false");
            Attribute("data-top", Number(Top));
            Attribute("data-row", Number(Row));
            Element("title", title);
            Line();
            Element("style", Resource("FlameGraph.css"));
            Line();
            Rectangle("back", "0", "0", "100%", "100%");
            WriteText("heading", "1%", "28", title);
            WriteText("summary", "1%", "50", $"{AmountText.Of(totals[0], profile.Unit)} in {Quantity.Of(profile.StackCount, "stack")}");
            WriteFrames();
            WriteLegend(height);
            xml.WriteStartElement("script", Svg);
            xml.WriteCData(Resource("FlameGraph.js"));
            xml.WriteEndElement();
            xml.WriteEndElement();
            Line();
            xml.Flush();
        }

        private void WriteFrames()
        {
            xml.WriteStartElement("svg", Svg);
            Attribute("class", "frames");
            Attribute("x", "1%");
            Attribute("y", Number(Top));
            Attribute("width", "98%");
            Attribute("height", Number(_rows * Row));
            foreach (var place in places)
            {
                Line();
                WriteFrame(place);
            }

            Line();
            xml.WriteEndElement();
            Line();
        }

        private void WriteFrame(StackProfile.Place place)
        {
            var total = totals[place.Node];
            var frame = profile.Frame(place.Node);
            var name = frame is null ? "all" : Text(frame.Name);
            var part = 100.0 * total / _whole;
            xml.WriteStartElement("svg", Svg);
            Attribute("class", frame is null ? "f a" : $"f {Class(frame)}");
            Attribute("x", Percent(100.0 * place.Start / _whole));
            Attribute("y", Number((options.IsInverted ? place.Depth : _rows - 1 - place.Depth) * Row));
            Attribute("width", Percent(part));
            Attribute("height", Number(Row - 1));
            Element("title", $"{name}\n{AmountText.Of(total, profile.Unit)}, {AmountText.Percent(total, _whole)}{Own(place.Node, total)}");
            xml.WriteStartElement("rect", Svg);
            Attribute("width", "100%");
            Attribute("height", "100%");
            xml.WriteEndElement();
            var letters = (int)((part / 100 * Width * 0.98 - 6) / LetterWidth);
            if (letters >= 3)
            {
                WriteText(null, "3", "13", Shorten(name, letters));
            }

            xml.WriteEndElement();
        }

        private string Own(int node, long total) => profile.Weight(node) is > 0 and var own && own < total ? $"; itself {AmountText.Of(own, profile.Unit)}" : "";

        private void WriteLegend(int height)
        {
            var y = height - 12;
            var x = 0;
            xml.WriteStartElement("svg", Svg);
            Attribute("class", "legend");
            Attribute("x", "1%");
            Attribute("y", Number(y - 14));
            Attribute("width", "98%");
            Attribute("height", "20");
            foreach (var (kind, name) in new[] { (FrameKind.User, "user space"), (FrameKind.Kernel, "kernel"), (FrameKind.Missing, "stack is missing") })
            {
                if (places.Exists(place => profile.Frame(place.Node)?.Kind == kind))
                {
                    Rectangle(kind switch { FrameKind.User => "u2", FrameKind.Kernel => "k2", _ => "m" }, Number(x), "3", "12", "12");
                    WriteText("note", Number(x + 17), "13", name);
                    x += 40 + (int)(name.Length * LetterWidth);
                }
            }

            if (hidden > 0)
            {
                WriteText("note hidden", Number(x), "13", $"{hidden.ToString("N0", CultureInfo.InvariantCulture)} narrow {(hidden == 1 ? "frame is" : "frames are")} not drawn");
            }

            xml.WriteEndElement();
            Line();
        }

        // A name has the same color in all pictures.
        private static string Class(CallFrame frame)
        {
            var hash = 2166136261u;
            foreach (var c in frame.Name)
            {
                hash = (hash ^ c) * 16777619;
            }

            return frame.Kind switch
            {
                FrameKind.Group => "g",
                FrameKind.Missing => "m",
                FrameKind.Kernel => $"k{BitOperations.RotateLeft(hash, 16) % Shades}",
                _ => $"u{BitOperations.RotateLeft(hash, 16) % Shades}",
            };
        }

        private static string Shorten(string text, int letters) => text.Length <= letters ? text : text[..(char.IsHighSurrogate(text[letters - 2]) ? letters - 2 : letters - 1)] + "…";

        // XML cannot represent these two characters, and names come from traced processes.
        private static string Text(string text) => TerminalText.Show(text).Replace('\uFFFE', '\uFFFD').Replace('\uFFFF', '\uFFFD');

        private static string Percent(double value) => value.ToString("0.####", CultureInfo.InvariantCulture) + "%";

        private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

        private void Rectangle(string name, string x, string y, string width, string height)
        {
            xml.WriteStartElement("rect", Svg);
            Attribute("class", name);
            Attribute("x", x);
            Attribute("y", y);
            Attribute("width", width);
            Attribute("height", height);
            xml.WriteEndElement();
        }

        private void WriteText(string? name, string x, string y, string text)
        {
            xml.WriteStartElement("text", Svg);
            if (name is not null)
            {
                Attribute("class", name);
            }

            Attribute("x", x);
            Attribute("y", y);
            xml.WriteString(text);
            xml.WriteEndElement();
        }

        private void Element(string name, string text)
        {
            xml.WriteStartElement(name, Svg);
            xml.WriteString(text);
            xml.WriteEndElement();
        }

        private void Attribute(string name, string value) => xml.WriteAttributeString(name, value);

        private void Line() => xml.WriteRaw("\n");
    }
}
