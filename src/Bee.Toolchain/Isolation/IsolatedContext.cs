using System.Reflection;
using System.Runtime.Loader;

namespace Bee.Toolchain;

/// <summary>Loads what stands in one folder for itself, and takes Bee's own assemblies from where Bee runs.</summary>
/// <param name="folder">The folder with Bee.Isolated.dll and the packages that it needs.</param>
/// <param name="home">The context that the module was loaded into.</param>
internal sealed class IsolatedContext(string folder, AssemblyLoadContext home) : AssemblyLoadContext(Name)
{
    internal new const string Name = "Bee.Isolated";

    protected override Assembly? Load(AssemblyName name)
    {
        // Bee's own first, whatever lies in the folder: the same interface loaded twice is two interfaces, and a cast between them fails.
        if (name.Name!.StartsWith("Bee.", StringComparison.Ordinal) && name.Name != Name)
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
