using System.Reflection;
using System.Runtime.Loader;

namespace Bee.Toolchain;

/// <summary>The way into Bee.Isolated.dll: the code that needs packages of other people, loaded into a context of its own so that
/// those packages never meet the ones of the session.</summary>
public static class Isolated
{
    private static readonly Lazy<Assembly> s_code = new(Load);

    /// <summary>A new object of the one class in Bee.Isolated that implements the interface.</summary>
    /// <typeparam name="T">An interface that Bee.Toolchain, Bee.Oci or Bee.Ebpf defines, such as <see cref="IManifestReader"/>.</typeparam>
    /// <exception cref="FileNotFoundException">There is no deps/Bee.Isolated.dll beside the module.</exception>
    /// <exception cref="InvalidOperationException">No class implements <typeparamref name="T"/>, or more than one.</exception>
    public static T Create<T>() where T : class
    {
        var found = s_code.Value.GetExportedTypes().Where(type => type.IsClass && !type.IsAbstract && typeof(T).IsAssignableFrom(type)).ToArray();
        return found.Length == 1
            ? (T)Activator.CreateInstance(found[0])!
            : throw new InvalidOperationException($"{s_code.Value.Location} has {found.Length} classes for {typeof(T)}.");
    }

    private static Assembly Load()
    {
        var own = typeof(Isolated).Assembly;
        var folder = Path.Combine(Path.GetDirectoryName(own.Location) ?? "", "deps");
        var path = Path.Combine(folder, IsolatedContext.Name + ".dll");
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"A part of Bee is missing: {path}. Install the module again.", path);
        }

        return new IsolatedContext(folder, AssemblyLoadContext.GetLoadContext(own)!).LoadFromAssemblyPath(path);
    }
}
