namespace Bee.Telemetry.Pictures;

/// <summary>What stacks are written as.</summary>
public enum FlameGraphFormat
{
    /// <summary>A picture.</summary>
    Svg,
    /// <summary>Lines of text, as tools for flame graphs read them.</summary>
    Folded,
    /// <summary>A profile for pprof.</summary>
    Pprof,
}

/// <summary>The formats by the endings of files.</summary>
public static class FlameGraphFormats
{
    /// <summary>Returns the format of a file: <c>.folded</c> and <c>.txt</c>, <c>.pb.gz</c>, <c>.pb</c> and <c>.pprof</c>, <c>.svg</c>; null for other endings.</summary>
    /// <param name="file">The file's name or path.</param>
    public static FlameGraphFormat? OfName(string file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return Ends(".folded", ".txt") ? FlameGraphFormat.Folded : Ends(".pb.gz", ".pb", ".pprof") ? FlameGraphFormat.Pprof : Ends(".svg") ? FlameGraphFormat.Svg : null;

        bool Ends(params string[] endings) => Array.Exists(endings, ending => file.EndsWith(ending, StringComparison.OrdinalIgnoreCase));
    }
}
