namespace Bee.Toolchain;

/// <summary>The way into Bee.Isolated.dll: the code that needs packages of other people, loaded into a context of its own so that
/// those packages never meet the ones of the session.</summary>
public static class Isolated
{
    /// <summary>A new object of the one class in Bee.Isolated that implements the interface.</summary>
    /// <typeparam name="T">An interface that Bee.Toolchain, Bee.Oci or Bee.Ebpf defines, such as <see cref="IManifestReader"/>.</typeparam>
    /// <exception cref="FileNotFoundException">There is no deps/Bee.Isolated.dll beside the module.</exception>
    /// <exception cref="InvalidOperationException">No class implements <typeparamref name="T"/>.</exception>
    public static T Create<T>() where T : class => throw new NotImplementedException();
}
