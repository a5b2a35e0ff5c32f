using System.Text;

namespace Bee.Oci.Tests;

/// <summary>Spoils JSON in ways that a parser may not have thought of.</summary>
internal static class Mutation
{
    private static readonly string[] s_pieces =
    [
        "null", "{}", "[]", "\"\"", "-1", "9223372036854775807", "9223372036854775808", "1e400", "0.5", "true",
        "\"\\ud800\"", "\"\\u0000\"", "{\"\\ud800\":1}", "\"sha256:\"", "\"sha256:" + new string('g', 64) + "\"",
        new string('[', 70), new string('[', 70) + new string(']', 70), ",", ":", "\"", "\\", "//", "\"a\":1,\"a\":2",
    ];

    /// <summary>The document with one to three places changed.</summary>
    public static byte[] Of(byte[] document, Random random)
    {
        List<byte> bytes = [.. document];
        for (int i = random.Next(1, 4); i > 0 && bytes.Count > 0; i--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 12), bytes.Count - at));
                    break;
                case 2:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(40), bytes.Count - at)));
                    break;
                case 4:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(s_pieces[random.Next(s_pieces.Length)]));
                    break;
                default:
                    ReplaceValue(bytes, at, random);
                    break;
            }
        }

        return [.. bytes];
    }

    /// <summary>Puts another value in place of a whole one, so that the syntax stays right.</summary>
    private static void ReplaceValue(List<byte> bytes, int from, Random random)
    {
        int colon = bytes.IndexOf((byte)':', from);
        int end = colon < 0 ? -1 : bytes.FindIndex(colon, b => b is (byte)',' or (byte)'}');
        if (end > 0)
        {
            bytes.RemoveRange(colon + 1, end - colon - 1);
            bytes.InsertRange(colon + 1, Encoding.UTF8.GetBytes(s_pieces[random.Next(15)]));
        }
    }
}
