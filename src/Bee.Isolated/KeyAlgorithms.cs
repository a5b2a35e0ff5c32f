using System.Runtime.CompilerServices;

// Bee.Oci.Keys is a library of its own. Isolated.Create finds its class here, beside the module's other isolated code.
[assembly: TypeForwardedTo(typeof(Bee.Oci.Keys.KeyAlgorithms))]
