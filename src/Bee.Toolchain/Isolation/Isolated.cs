using System.Reflection;
using System.Runtime.Loader;

namespace Bee.Toolchain.Isolation;

/// <summary>Loads Bee.Isolated.dll, which uses third-party packages, into its own load context, so that
/// these packages do not conflict with other versions in the session.</summary>
/// <remarks>The folder <c>deps</c> must not contain an assembly that the session also loads: the interfaces of a second copy are different types, and a cast to them fails.</remarks>
internal static class Isolated
{
    private static readonly Lazy<Assembly> s_code = new(Load);

    /// <summary>Creates an instance of the class in Bee.Isolated that implements an interface.</summary>
    /// <typeparam name="T">An interface that Bee.Toolchain, Bee.Oci or Bee.Ebpf defines, such as <c>IManifestReader</c>.</typeparam>
    /// <exception cref="FileNotFoundException">deps/Bee.Isolated.dll does not exist next to the module.</exception>
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

/// <summary>Loads the assemblies of one folder into this context, and Bee's own assemblies into the module's context.</summary>
/// <param name="folder">The folder of Bee.Isolated.dll and its packages.</param>
/// <param name="home">The load context of the module.</param>
internal sealed class IsolatedContext(string folder, AssemblyLoadContext home) : AssemblyLoadContext(Name)
{
    internal new const string Name = "Bee.Isolated";

    private const string Keys = "Bee.Oci.Keys";

    protected override Assembly? Load(AssemblyName name)
    {
        // Bee's own assemblies come from the module's context: an interface that is loaded twice is two types, and casts between them fail.
        if (name.Name!.StartsWith("Bee.", StringComparison.Ordinal) && name.Name is not (Name or Keys))
        {
            var own = Path.Combine(Path.GetDirectoryName(typeof(IsolatedContext).Assembly.Location)!, name.Name + ".dll");

            // The host may have used LoadFrom, which also resolves dependencies in the assembly's folder, such as Bee.Posix.
            return home.Assemblies.FirstOrDefault(assembly => assembly.GetName().Name == name.Name)
                ?? (home == Default ? Assembly.LoadFrom(own) : home.LoadFromAssemblyPath(own));
        }

        // The folder comes before the default context, which may contain another version of the package.
        var path = Path.Combine(folder, name.Name + ".dll");
        return File.Exists(path) ? LoadFromAssemblyPath(path) : null;
    }
}
