using System.Text;
using System.Text.Encodings.Web;

namespace Bee.Oci.Formats;

/// <summary>
/// Escapes what JSON must escape and nothing else. .NET's own encoders escape by tables that grow with Unicode, so that one image could
/// get two digests on two versions of .NET; and they write the '+' of a media type as <c>\u002B</c>.
/// </summary>
internal sealed class CanonicalEncoder : JavaScriptEncoder
{
    /// <summary>The one instance.</summary>
    public static CanonicalEncoder Instance { get; } = new();

    /// <inheritdoc/>
    public override int MaxOutputCharactersPerInputCharacter => 6;

    /// <inheritdoc/>
    public override unsafe int FindFirstCharacterToEncode(char* text, int textLength)
    {
        var span = new ReadOnlySpan<char>(text, textLength);
        for (int i = 0; i < span.Length; i++)
        {
            if (char.IsSurrogate(span[i]))
            {
                if (i + 1 < span.Length && char.IsSurrogatePair(span[i], span[i + 1]))
                {
                    i++;
                    continue;
                }

                return i;
            }

            if (WillEncode(span[i]))
            {
                return i;
            }
        }

        return -1;
    }

    /// <inheritdoc/>
    public override unsafe bool TryEncodeUnicodeScalar(int unicodeScalar, char* buffer, int bufferLength, out int numberOfCharactersWritten)
    {
        var span = new Span<char>(buffer, bufferLength);
        string? escape = unicodeScalar switch
        {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            < 0x20 or 0x7f => $"\\u{unicodeScalar:x4}",
            _ => null,
        };
        if (escape is null)
        {
            return new Rune(unicodeScalar).TryEncodeToUtf16(span, out numberOfCharactersWritten);
        }

        bool fits = escape.AsSpan().TryCopyTo(span);
        numberOfCharactersWritten = fits ? escape.Length : 0;
        return fits;
    }

    /// <inheritdoc/>
    public override bool WillEncode(int unicodeScalar) => unicodeScalar is < 0x20 or '"' or '\\' or 0x7f;
}
