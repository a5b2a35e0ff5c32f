using Bee.Toolchain.Manifest;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Bee.Isolated;

/// <summary>Makes trees of YAML text that anyone may have written.</summary>
internal static class YamlText
{
    /// <summary>The documents of a text.</summary>
    /// <param name="path">What to call it in messages.</param>
    /// <param name="text">The text.</param>
    /// <exception cref="ManifestException">It is no YAML, or of a shape that nobody means.</exception>
    public static IList<YamlDocument> Load(string path, string text)
    {
        var stream = new YamlStream();
        var parser = new Parser(new StringReader(text));
        try
        {
            CheckShape(path, text);
            stream.Load(parser);
            return stream.Documents;
        }
        catch (ArgumentException exception)
        {
            // The package's own word for an alias where there can be none, such as behind a text.
            var at = parser.Current?.Start ?? Mark.Empty;
            throw new ManifestException(path, Math.Max(1, (int)at.Line), Math.Max(1, (int)at.Column), "no YAML from here on.", exception);
        }
        catch (YamlException exception)
        {
            throw new ManifestException(path, (int)exception.Start.Line, (int)exception.Start.Column, exception.Message, exception);
        }
    }

    /// <summary>
    /// The tree is built by recursion, and a file of a hundred thousand brackets would end the process with it. So would a key that is no word: keys are
    /// hashed with all that is in them, and an alias can put a key into itself. Whoever walks the tree meets what an alias stands for each time anew: a few
    /// thousand aliases of aliases are more than there is time and memory for.
    /// </summary>
    private static void CheckShape(string path, string text)
    {
        const int Deepest = 32, MostAliases = 100;
        var parser = new Parser(new StringReader(text));
        var keys = new KeyPositions();
        var reached = Mark.Empty;
        try
        {
            for (int depth = 0, aliases = 0; parser.MoveNext();)
            {
                reached = parser.Current!.End;
                depth += parser.Current.NestingIncrease;
                if (depth > Deepest)
                {
                    throw new ManifestException(path, (int)parser.Current.Start.Line, (int)parser.Current.Start.Column, $"nested more than {Deepest} deep.");
                }

                if (parser.Current is AnchorAlias && ++aliases > MostAliases)
                {
                    throw new ManifestException(path, (int)parser.Current.Start.Line, (int)parser.Current.Start.Column, $"it has more than {MostAliases} aliases.");
                }

                if (keys.IsKey(parser.Current) && parser.Current is not Scalar)
                {
                    throw new ManifestException(path, (int)parser.Current.Start.Line, (int)parser.Current.Start.Column, "a key is a word, and this is something else.");
                }
            }
        }
        catch (InvalidOperationException exception)
        {
            // So the package answers some text that is no YAML, such as a plain word that begins where none may.
            throw new ManifestException(path, (int)reached.Line, (int)reached.Column, "no YAML from here on.", exception);
        }
    }
}
