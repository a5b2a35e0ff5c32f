using System.Text;

namespace Bee.Ebpf;

/// <summary>Names of pins. The BPF file system takes no point in a name, and maps of globals begin with one.</summary>
internal static class PinNames
{
    public const string State = "state", Maps = "maps", Programs = "programs", Links = "links";

    /// <summary>The name of a map or program as a file's name: letters, digits and <c>_</c> as they are, anything else as <c>=</c> and two hexadecimal digits a byte.</summary>
    public static string Of(string name)
    {
        var text = new StringBuilder();
        foreach (var b in Encoding.UTF8.GetBytes(name))
        {
            var c = (char)b;
            if (char.IsAsciiLetterOrDigit(c) || c == '_')
            {
                text.Append(c);
            }
            else
            {
                text.Append('=').Append(b.ToString("x2"));
            }
        }

        return text.ToString();
    }

    /// <summary>The name of a program's link; a program may have several.</summary>
    public static string OfLink(string program, int number) => $"{Of(program)}-{number}";

    /// <summary>Whether a file is one of a program's links.</summary>
    public static bool IsLinkOf(string file, string program)
    {
        var prefix = Of(program) + "-";
        return file.StartsWith(prefix, StringComparison.Ordinal) && int.TryParse(file.AsSpan(prefix.Length), out _);
    }
}
