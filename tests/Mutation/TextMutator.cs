using System.Text;

namespace Bee.Mutation;

/// <summary>Damages text documents in ways that parsers may not expect.</summary>
/// <param name="documents">Valid documents.</param>
/// <param name="pieces">Fragments of the format to insert, at its limits.</param>
/// <param name="separator">The separator between a key and its value.</param>
/// <param name="ends">The characters that can end a value.</param>
internal sealed class TextMutator(IReadOnlyList<byte[]> documents, string[] pieces, byte separator, byte[] ends)
{
    /// <summary>Creates a mutator for JSON.</summary>
    public static TextMutator Json(params byte[][] documents) => new(
        documents,
        [
            "null", "{}", "[]", "\"\"", "-1", "9223372036854775807", "9223372036854775808", "1e400", "0.5", "true",
            "\"\\ud800\"", "\"\\u0000\"", "{\"\\ud800\":1}", "\"sha256:\"", "\"sha256:" + new string('g', 64) + "\"",
            new string('[', 70), new string('[', 70) + new string(']', 70), ",", ":", "\"", "\\", "//", "\"a\":1,\"a\":2",
        ],
        (byte)':',
        [(byte)',', (byte)'}']);

    /// <summary>Creates a mutator for YAML.</summary>
    public static TextMutator Yaml(params byte[][] documents) => new(
        documents,
        [
            "null", "~", "{}", "[]", "\"\"", "''", "-1", "9223372036854775808", "1e400", ".nan", ".inf", "0x10", "0o17", "yes", "2001-01-01", "&a", "*a", "<<: *a", "&a [*a, *a]",
            "!!binary aGk=", "!tag x", "|\n  text\n", ">-\n  text\n", "---\n", "...\n", "%YAML 1.2\n", "? key\n", "- ", "\t", "  ", "\n", "\r", ":", ": ", "#", "\"\\ud800\"", "\"\\0\"", "\u0085", "\ufeff",
            new string('[', 40), new string('{', 40), new string('-', 80), new string(' ', 300), "{a: {a: {a: {a: {a: {a: 1}}}}}}",
        ],
        (byte)':',
        [(byte)'\n']);

    /// <summary>Returns a document by its number, with one to three changes.</summary>
    public byte[] Make(ulong seed, long index)
    {
        var chance = new Chance(seed ^ (ulong)index * 0xd134_2543_de82_ef95);
        chance.Bits();
        List<byte> bytes = [.. documents[chance.Below(documents.Count)]];
        for (int i = 1 + chance.Below(3); i > 0 && bytes.Count > 0; i--)
        {
            int at = chance.Below(bytes.Count);
            switch (chance.Below(6))
            {
                case 0:
                    bytes[at] = (byte)chance.Below(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, Math.Min(1 + chance.Below(11), bytes.Count - at));
                    break;
                case 2 when chance.OneIn(4):
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 2 or 3:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(chance.Below(40), bytes.Count - at)));
                    break;
                case 4:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(pieces[chance.Below(pieces.Length)]));
                    break;
                default:
                    ReplaceValue(bytes, at, ref chance);
                    break;
            }
        }

        return [.. bytes];
    }

    // Replaces a whole value by another, so that the syntax stays valid.
    private void ReplaceValue(List<byte> bytes, int from, ref Chance chance)
    {
        int start = bytes.IndexOf(separator, from);
        int end = start < 0 ? -1 : bytes.FindIndex(start, b => ends.Contains(b));
        if (end > 0)
        {
            bytes.RemoveRange(start + 1, end - start - 1);
            bytes.InsertRange(start + 1, Encoding.UTF8.GetBytes(" " + pieces[chance.Below(Math.Min(15, pieces.Length))]));
        }
    }
}
