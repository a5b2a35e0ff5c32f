namespace Bee.Oci.Signatures.Layouts;

/// <summary>One signature does not count; the message says why. Never leaves the verifier: it becomes a finding.</summary>
internal sealed class UnusableSignatureException(string message) : Exception(message);
