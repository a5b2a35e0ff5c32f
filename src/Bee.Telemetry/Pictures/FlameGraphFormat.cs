namespace Bee.Telemetry.Pictures;

/// <summary>The formats of <see cref="StackProfile.Write"/>.</summary>
public enum FlameGraphFormat
{
    /// <summary>An SVG picture with a script that zooms and searches. It needs no other file.</summary>
    Svg,
    /// <summary>Folded stacks: one line a stack, frames separated by semicolons with the outermost first, a space and the weight.</summary>
    Folded,
    /// <summary>A gzip-compressed <c>perftools.profiles.Profile</c> for <c>pprof</c>.</summary>
    Pprof,
}

/// <summary>Finds formats by file extensions.</summary>
internal static class FlameGraphFormats
{
    /// <summary>Returns the format for a file name: <c>.folded</c> and <c>.txt</c>, <c>.pb.gz</c>, <c>.pb</c> and <c>.pprof</c>, <c>.svg</c>; null for other extensions.</summary>
    /// <param name="file">A file name or path.</param>
    public static FlameGraphFormat? OfName(string file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return Ends(".folded", ".txt") ? FlameGraphFormat.Folded : Ends(".pb.gz", ".pb", ".pprof") ? FlameGraphFormat.Pprof : Ends(".svg") ? FlameGraphFormat.Svg : null;

        bool Ends(params string[] endings) => Array.Exists(endings, ending => file.EndsWith(ending, StringComparison.OrdinalIgnoreCase));
    }
}
