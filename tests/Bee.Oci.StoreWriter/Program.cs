// usage: Bee.Oci.StoreWriter STORE NAME COUNT
// Writes COUNT images into STORE as NAME:v0, NAME:v1, …, and after each a line "TAG DIGEST" to standard output: from then on the
// image must be there, whatever happens to this process. Some images are tagged again and some removed, with lines that say so.
using Bee.Oci;

var store = new ImageStore(args[0]);
string name = args[1];
int count = int.Parse(args[2]);
for (int i = 0; i < count; i++)
{
    byte[] program = new byte[8192];
    new Random(HashCode.Combine(i)).NextBytes(program);
    BitConverter.TryWriteBytes(program, i % 3 == 0 ? i : name.GetHashCode(StringComparison.Ordinal) + i);
    Image image = store.Add(new ImageContent { Program = program, Description = "written by a test" }, ImageReference.Parse($"{name}:v{i}"));
    Say("added", image);
    if (i % 4 == 1)
    {
        Say("added", store.Tag(image, ImageReference.Parse($"{name}:also{i}")));
    }

    if (i % 5 == 4)
    {
        // Said before, since the process may die after the removal and before a line: then either is right.
        string removed = $"{name}:v{i - 1}";
        Console.Out.WriteLine($"removing {removed} -");
        Console.Out.Flush();
        store.Remove(removed);
        Console.Out.WriteLine($"removed {removed} -");
        Console.Out.Flush();
    }
}

static void Say(string what, Image image)
{
    Console.Out.WriteLine($"{what} {image.Reference} {image.Digest}");
    Console.Out.Flush();
}
