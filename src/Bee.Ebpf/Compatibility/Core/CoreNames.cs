namespace Bee.Ebpf;

/// <summary>Names in CO-RE. What follows three underscores is a flavour: <c>task_struct___old</c> means task_struct, as some kernel had it.</summary>
internal static class CoreNames
{
    /// <summary>The name without its flavour.</summary>
    public static string Essential(string name)
    {
        for (var i = name.Length - 5; i >= 0; i--)
        {
            if (IsSeparator(name.AsSpan(i)))
            {
                return name[..(i + 1)];
            }
        }

        return name;
    }

    public static ReadOnlySpan<byte> Essential(ReadOnlySpan<byte> name)
    {
        for (var i = name.Length - 5; i >= 0; i--)
        {
            if (name[i] != '_' && name[i + 1] == '_' && name[i + 2] == '_' && name[i + 3] == '_' && name[i + 4] != '_')
            {
                return name[..(i + 1)];
            }
        }

        return name;
    }

    /// <summary>True for names that mean the same thing, flavours aside; those of anonymous types mean the same.</summary>
    public static bool AreSame(string left, string right) => Essential(left) == Essential(right);

    // X___Y, with exactly three underscores between.
    private static bool IsSeparator(ReadOnlySpan<char> at) => at[0] != '_' && at[1] == '_' && at[2] == '_' && at[3] == '_' && at[4] != '_';
}
