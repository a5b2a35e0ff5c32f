using System.Runtime.InteropServices;

namespace Bee.Ebpf.Tests.Loading;

/// <summary>A library of the test that is loaded into this process only.</summary>
internal sealed class MarkedLibrary : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("bee-marked-").FullName;
    private readonly nint _library;

    /// <param name="more">More C code; PROBE(provider, name, value) defines a static probe.</param>
    /// <param name="name">The name of the file in the test's folder.</param>
    public MarkedLibrary(string more = "", string name = "libmarked.so")
    {
        var source = System.IO.Path.Combine(_folder, "marked.c");
        Path = System.IO.Path.Combine(_folder, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        using (var reader = new StreamReader(typeof(MarkedLibrary).Assembly.GetManifestResourceStream("marked.c")!))
        {
            File.WriteAllText(source, reader.ReadToEnd() + more);
        }

        Fixture.Run("clang", "-O2", "-fPIC", "-shared", "-nostdlib", source, "-o", Path);
        _library = NativeLibrary.Load(Path);
    }

    public string Path { get; }

    public unsafe void Call(string function, int value, int times = 1)
    {
        var address = (delegate* unmanaged<int, int>)NativeLibrary.GetExport(_library, function);
        for (var i = 0; i < times; i++)
        {
            address(value);
        }
    }

    public void Dispose()
    {
        NativeLibrary.Free(_library);
        Directory.Delete(_folder, recursive: true);
    }
}
