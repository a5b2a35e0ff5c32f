namespace Bee.Oci.StoreWriter;

/// <summary>A line for the parent process, flushed at once.</summary>
internal static class Line
{
    public static void Say(string what, string name, string digest)
    {
        lock (Console.Out)
        {
            Console.Out.WriteLine($"{what} {name} {digest}");
            Console.Out.Flush();
        }
    }
}
