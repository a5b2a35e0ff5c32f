namespace Bee.Oci.Registry.Transport;

/// <summary>One try of a request had no answer. Never leaves this folder: after the last try <see cref="Reported"/> is thrown.</summary>
internal sealed class TryFailedException : Exception
{
    public TryFailedException(RegistryException reported, Repeat repeat)
        : base(reported.Message, reported) => (Reported, Again) = (reported, repeat);

    /// <summary>When another try makes sense.</summary>
    public enum Repeat
    {
        /// <summary>It would end in the same way.</summary>
        Never,

        /// <summary>The connection broke.</summary>
        Always,

        /// <summary>Nobody listens: it makes sense where somebody did before, and is being restarted.</summary>
        WhereItAnswered,
    }

    public RegistryException Reported { get; }

    public Repeat Again { get; }
}
