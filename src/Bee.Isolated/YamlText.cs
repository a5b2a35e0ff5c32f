using Bee.Toolchain.Manifest;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Bee.Isolated;

/// <summary>Parses untrusted YAML text.</summary>
internal static class YamlText
{
    /// <summary>Returns the documents of a text.</summary>
    /// <param name="path">The name of the text in messages.</param>
    /// <param name="text">The text.</param>
    /// <exception cref="ManifestException">The text is not valid YAML, or exceeds the limits of nesting and aliases.</exception>
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
            // YamlDotNet throws this for an alias in an invalid position, such as after a scalar.
            var at = parser.Current?.Start ?? Mark.Empty;
            throw new ManifestException(path, Math.Max(1, (int)at.Line), Math.Max(1, (int)at.Column), "not valid YAML from here on.", exception);
        }
        catch (YamlException exception)
        {
            throw new ManifestException(path, (int)exception.Start.Line, (int)exception.Start.Column, exception.Message, exception);
        }
    }

    /// <summary>
    /// Checks the shape of a text before it is parsed to a tree. Parsing is recursive, so a hundred thousand brackets would overflow the stack. So would a key that is a collection, because keys are
    /// hashed with their content, and an alias can put a key into itself. A walk over the tree expands each alias again: a few thousand nested aliases would exhaust time
    /// and memory.
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
                    throw new ManifestException(path, (int)parser.Current.Start.Line, (int)parser.Current.Start.Column, $"nested more than {Deepest} levels deep.");
                }

                if (parser.Current is AnchorAlias && ++aliases > MostAliases)
                {
                    throw new ManifestException(path, (int)parser.Current.Start.Line, (int)parser.Current.Start.Column, $"has more than {MostAliases} aliases.");
                }

                if (keys.IsKey(parser.Current) && parser.Current is not Scalar)
                {
                    throw new ManifestException(path, (int)parser.Current.Start.Line, (int)parser.Current.Start.Column, "a key must be a single word.");
                }
            }
        }
        catch (InvalidOperationException exception)
        {
            // YamlDotNet throws this for some invalid text, such as a plain scalar in a position that allows none.
            throw new ManifestException(path, (int)reached.Line, (int)reached.Column, "not valid YAML from here on.", exception);
        }
    }
}
