namespace Bee.Cmdlets.Tests;

/// <summary>A store that is built once and copied for each test.</summary>
internal sealed class BuiltStore(Action<Shell, string> build)
{
    private readonly Lazy<Dictionary<string, byte[]>> _files = new(() =>
    {
        using var folder = new TempFolder();
        using var shell = new Shell();
        build(shell, folder["store"]);
        return Directory.GetFiles(folder["store"], "*", SearchOption.AllDirectories).ToDictionary(file => Path.GetRelativePath(folder["store"], file), File.ReadAllBytes);
    });

    /// <summary>Writes a copy of the store, without compiling.</summary>
    public void CopyTo(string store)
    {
        foreach ((string file, byte[] content) in _files.Value)
        {
            string path = Path.Combine(store, file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, content);
        }
    }
}
