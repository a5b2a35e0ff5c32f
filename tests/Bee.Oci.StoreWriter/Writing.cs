using Bee.Oci.Formats;
using Bee.Oci.Store;

namespace Bee.Oci.StoreWriter;

/// <summary>Writes images as NAME:v0, NAME:v1, …; some are tagged again and some removed.</summary>
internal static class Writing
{
    public static void Run(ImageStore store, string name, int count)
    {
        for (int i = 0; i < count; i++)
        {
            byte[] program = new byte[8192];
            new Random(HashCode.Combine(i)).NextBytes(program);
            BitConverter.TryWriteBytes(program, i % 3 == 0 ? i : name.GetHashCode(StringComparison.Ordinal) + i);
            Image image = store.Add(new ImageContent { Program = program, Description = "written by a test" }, ImageReference.Parse($"{name}:v{i}"));
            Line.Say("added", image.Reference, image.Digest);
            TagAndRemove(store, name, i, image);
        }
    }

    /// <summary>Tags every fourth image again, and removes every fifth.</summary>
    public static void TagAndRemove(ImageStore store, string name, int i, Image image)
    {
        if (i % 4 == 1)
        {
            Image also = store.Tag(image, ImageReference.Parse($"{name}:also{i}"));
            Line.Say("added", also.Reference, also.Digest);
        }

        if (i % 5 == 4)
        {
            // Written before the removal: if the process dies between removal and a later line, both states are valid.
            string removed = $"{name}:v{i - 1}";
            Line.Say("removing", removed, "-");
            store.Remove(removed);
            Line.Say("removed", removed, "-");
        }
    }
}
