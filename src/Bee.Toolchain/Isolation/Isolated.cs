using System.Reflection;
using System.Runtime.Loader;

namespace Bee.Toolchain.Isolation;

/// <summary>The way into Bee.Isolated.dll: the code that needs packages of other people, loaded into a context of its own so that
/// those packages never meet the ones of the session.</summary>
/// <remarks>The folder <c>deps</c> must not contain an assembly that the session also loads: the interfaces of a second copy are different types, and a cast to them fails.</remarks>
internal static class Isolated
{
    private static readonly Lazy<Assembly> s_code = new(Load);

    /// <summary>A new object of the one class in Bee.Isolated that implements the interface.</summary>
    /// <typeparam name="T">An interface that Bee.Toolchain, Bee.Oci or Bee.Ebpf defines, such as <c>IManifestReader</c>.</typeparam>
    /// <exception cref="FileNotFoundException">There is no deps/Bee.Isolated.dll beside the module.</exception>
    /// <exception cref="InvalidOperationException">No class implements <typeparamref name="T"/>, or more than one.</exception>
    public static T Create<T>() where T : class
    {
        // Bee.Isolated forwards the classes of libraries that are packages of their own, such as Bee.Oci.Keys.
        Type[] found = Classes<T>(s_code.Value.GetExportedTypes());
        found = found.Length > 0 ? found : Classes<T>(s_code.Value.GetForwardedTypes());
        return found.Length == 1
            ? (T)Activator.CreateInstance(found[0])!
            : throw new InvalidOperationException($"{s_code.Value.Location} has {found.Length} classes for {typeof(T)}.");
    }

    private static Type[] Classes<T>(Type[] types) => [.. types.Where(type => type.IsClass && !type.IsAbstract && typeof(T).IsAssignableFrom(type))];

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

/// <summary>Loads what stands in one folder for itself, and takes Bee's own assemblies from where Bee runs.</summary>
/// <param name="folder">The folder with Bee.Isolated.dll and the packages that it needs.</param>
/// <param name="home">The context that the module was loaded into.</param>
internal sealed class IsolatedContext(string folder, AssemblyLoadContext home) : AssemblyLoadContext(Name)
{
    internal new const string Name = "Bee.Isolated";

    private const string Keys = "Bee.Oci.Keys";

    protected override Assembly? Load(AssemblyName name)
    {
        // Bee's own first, whatever lies in the folder: the same interface loaded twice is two interfaces, and a cast between them fails.
        if (name.Name!.StartsWith("Bee.", StringComparison.Ordinal) && name.Name is not (Name or Keys))
        {
            var own = Path.Combine(Path.GetDirectoryName(typeof(IsolatedContext).Assembly.Location)!, name.Name + ".dll");

            // The host may use LoadFrom too: only what was loaded so finds what it needs itself beside it, as Bee.Ebpf does Bee.Posix.
            return home.Assemblies.FirstOrDefault(assembly => assembly.GetName().Name == name.Name)
                ?? (home == Default ? Assembly.LoadFrom(own) : home.LoadFromAssemblyPath(own));
        }

        // The folder next, before the default context is asked: that one may have the same package in another version.
        var path = Path.Combine(folder, name.Name + ".dll");
        return File.Exists(path) ? LoadFromAssemblyPath(path) : null;
    }
}
